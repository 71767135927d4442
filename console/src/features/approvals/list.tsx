/** Questions that wait for people, and those that had their answer. */
import { Tabs } from '@mantine/core';
import { useFields } from '@/app/search';
import { Page } from '@/ui/page';
import './approvals.css';
import { History } from './history';
import { Queue } from './queue';
import { approvalSearch } from './search';

export default function Approvals() {
  const [{ view }, set] = useFields(approvalSearch);
  const go = (next: string | null) =>
    set(
      {
        view: next === 'history' ? 'history' : undefined,
        status: undefined,
        agent: undefined,
        namespace: undefined,
        open: undefined,
      },
      { push: true },
    );
  return (
    <Page title="Approvals">
      <Tabs value={view ?? 'queue'} onChange={go} keepMounted={false} className="bw-tabs">
        <Tabs.List aria-label="Which approvals" mb="sm">
          <Tabs.Tab value="queue">Waiting</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="queue" tabIndex={-1}>
          <Queue />
        </Tabs.Panel>
        <Tabs.Panel value="history" tabIndex={-1}>
          <History />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
