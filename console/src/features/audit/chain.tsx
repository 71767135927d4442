/** Whether the log is whole, and how to find out without believing this page. */
import { Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useGet } from '@/api/hooks';
import { CodeBlock } from '@/ui/code-block';
import { Id } from '@/ui/copy';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { Time } from '@/ui/time';

export function ChainStatus({
  some,
}: {
  /** whether an export would be of some entries only */ some: boolean;
}) {
  const chain = useGet('/v1/audit/chain', { topics: ['audit'] });
  const [shown, offline] = useDisclosure(false);
  const { data } = chain;
  const broken = data?.status === 'broken';
  const Arrow = shown ? ChevronDown : ChevronRight;
  return (
    <section className="bw-chain" aria-label="Chain" data-broken={broken || undefined}>
      {chain.error && !data && <ProblemAlert error={chain.error} retry={() => void chain.refetch()} />}
      <Group gap="6px 24px" className="bw-chain-line">
        <span role="status">
          {data ? (
            <StatusBadge status={data.status} label={`Chain ${data.status}`} />
          ) : (
            !chain.error && <StatusBadge status="running" label="Chain is being checked" />
          )}
        </span>
        {data && (
          <>
            <span className="bw-num">
              {data.entries.toLocaleString('en')} {data.entries === 1 ? 'entry' : 'entries'} good
            </span>
            <span className="bw-chain-fact">
              <span className="bw-none">head</span> <Id id={data.head} short />
            </span>
            <span className="bw-none bw-chain-fact">
              {chain.isFetching ? (
                'being checked'
              ) : (
                <>
                  checked <Time at={data.checked_at} />
                </>
              )}
            </span>
          </>
        )}
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<Arrow size={13} />}
          aria-expanded={shown}
          onClick={offline.toggle}
        >
          Check it offline
        </Button>
      </Group>
      {data?.first_fault && (
        <div className="bw-problem" role="alert">
          <div>
            <Text fw={600}>
              The log was changed from outside at entry {data.first_fault.seq.toLocaleString('en')}
            </Text>
            <Text>{data.first_fault.detail}</Text>
            <Text>
              What comes before it is as it was written; what comes after cannot be trusted. Compare with a
              backup or an export that was kept elsewhere.
            </Text>
          </div>
        </div>
      )}
      {shown && <Offline head={data?.head} some={some} />}
    </section>
  );
}

function Offline({ head, some }: { head: string | undefined; some: boolean }) {
  const commands = ['bellwire audit export > audit.ndjson', 'bellwire audit verify audit.ndjson'];
  if (some) commands.push('bellwire audit verify --selection audit-selection.ndjson');
  if (head) commands.push(`bellwire audit verify --contains ${head} audit.ndjson`);
  return (
    <div className="bw-chain-offline">
      <Text c="dimmed">
        Nobody needs to believe this page: <code>verify</code> takes no server and no key. Note the head
        elsewhere now and then; <code>--contains</code> shows that the end was not cut off and that nothing
        was written anew.
        {some && ' What was exported with filters is checked with --selection.'}
      </Text>
      <CodeBlock code={commands.join('\n')} label="Commands" />
    </div>
  );
}
