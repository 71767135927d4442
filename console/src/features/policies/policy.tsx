/** One policy: its rules, what it is attached to, and every version there was. */
import { Button, Skeleton } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useGet, useList, useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useFields } from '@/app/search';
import { useMayChange } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Page, Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { Time } from '@/ui/time';
import { Attached } from './attached';
import './policies.css';
import { Rules } from './rules';
import { policySearch } from './search';
import { Versions } from './versions';
import { type Policy, who } from './words';

export default function PolicyPage() {
  const { policyId = '' } = useParams({ strict: false }) as { policyId?: string };
  const [{ version }, set] = useFields(policySearch);
  const manages = useMayChange()('policies:manage');
  const [deleting, setDeleting] = useState(false);
  const api = useApi();
  const navigate = useNavigate();
  const policy = useGet('/v1/policies/{policy_id}', {
    topics: ['policies'],
    params: { path: { policy_id: policyId } },
  });
  const versions = useList('/v1/policies/{policy_id}/versions', {
    topics: ['policies'],
    params: { path: { policy_id: policyId }, query: { limit: 50 } },
    cursorParam: 'versions_cursor',
    rows: (page) => page.versions,
  });
  const remove = useWrite(
    () => answer(api.http.DELETE('/v1/policies/{policy_id}', { params: { path: { policy_id: policyId } } })),
    {
      topics: ['policies'],
      quiet: true,
      said: 'Deleted',
      done: () => void navigate({ to: '/policies' as never }),
    },
  );
  const above = <Link to={'/policies' as never}>Policies</Link>;
  const it = policy.data;
  if (!it) {
    return (
      <Page title="Policy" above={above}>
        {policy.error ? (
          <ProblemAlert error={policy.error} retry={() => void policy.refetch()} />
        ) : (
          <Skeleton h={240} />
        )}
      </Page>
    );
  }
  const old =
    version && version !== String(it.version)
      ? versions.rows.find((one) => String(one.version) === version)
      : undefined;
  return (
    <Page
      title={it.name}
      above={above}
      actions={
        manages && (
          <>
            <Button variant="subtle" color="red" onClick={() => setDeleting(true)}>
              Delete
            </Button>
            <Button
              component={Link}
              to={'/policies/$policyId/edit' as never}
              params={{ policyId } as never}
              leftSection={<Pencil size={13} />}
            >
              Edit rules
            </Button>
          </>
        )
      }
    >
      {old && (
        <div className="bw-stale" role="status">
          This is version {old.version}, not the one in force.{' '}
          <Button size="compact-xs" variant="default" onClick={() => set({ version: undefined })}>
            Show version {it.version}
          </Button>
        </div>
      )}
      <div className="bw-policy">
        <div>
          <Section title={`Rules of version ${(old ?? it).version}`}>
            <Rules rules={(old ?? it).rules} otherwise={(old ?? it).default} />
          </Section>
          <Section title="About">
            <Facts facts={facts(it)} />
          </Section>
          <Attached policy={it} />
        </div>
        <div>
          <Versions
            list={versions}
            current={it.version}
            shown={(old ?? it).version}
            manages={manages}
            onShow={(one) => set({ version: String(one) }, { keepCursor: true })}
          />
        </div>
      </div>
      {deleting && (
        <Confirm
          title={`Delete ${it.name}?`}
          action="Delete the policy"
          onConfirm={() => remove.mutateAsync()}
          onClose={() => setDeleting(false)}
        >
          It can no longer be attached to anything. Its versions stay, since decisions name them. A policy
          that is attached somewhere is not deleted: detach it first.
        </Confirm>
      )}
    </Page>
  );
}

function facts(it: Policy): Parameters<typeof Facts>[0]['facts'] {
  return [
    ['Id', <Id key="id" id={it.id} />],
    ['Version', String(it.version)],
    ['Namespace', it.namespace ?? null],
    [
      'Changed',
      <span key="changed">
        <Time at={it.updated_at} /> by {who(it.updated_by)}
      </span>,
    ],
    ['Made', <Time key="made" at={it.created_at} as="second" />],
  ];
}
