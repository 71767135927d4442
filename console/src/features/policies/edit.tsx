/** The rules of a policy, edited beside what they would do: tried on a made-up purchase and on what was asked before. */
import { Button, Group, SegmentedControl, Skeleton, Tabs, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useBlocker, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useGet, useWrite } from '@/api/hooks';
import type { ApiError } from '@/api/problem';
import { asApiError } from '@/api/problem';
import { useApi } from '@/api/scope';
import { useFields } from '@/app/search';
import { useMayChange } from '@/app/session';
import { Confirm } from '@/ui/confirm';
import { Page, Section } from '@/ui/page';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { bodyWith, printRules, readRules } from './draft';
import { DryRun } from './dry-run';
import { JsonEditor } from './json-editor';
import './policies.css';
import { Replay } from './replay';
import { RuleForm } from './rule-form';
import { Changes } from './rules';
import { editSearch } from './search';
import { send } from './send';
import { type Policy, who } from './words';

export default function EditPage() {
  const { policyId = '' } = useParams({ strict: false }) as { policyId?: string };
  const [{ from }] = useFields(editSearch);
  const saves = useMayChange()('policies:manage');
  const policy = useGet('/v1/policies/{policy_id}', {
    topics: ['policies'],
    params: { path: { policy_id: policyId } },
  });
  const versions = useGet('/v1/policies/{policy_id}/versions', {
    topics: ['policies'],
    params: { path: { policy_id: policyId }, query: { limit: 50 } },
    enabled: from !== undefined,
  });
  const start = from ? versions.data?.versions.find(({ version }) => String(version) === from) : policy.data;
  const error = policy.error ?? versions.error;
  if (!policy.data || !start) {
    return <Page title="Edit rules">{error ? <ProblemAlert error={error} /> : <Skeleton h={300} />}</Page>;
  }
  return <Editor key={policyId} policy={policy.data} start={start} saves={saves} />;
}

interface Draft {
  name: string;
  otherwise: string;
  /** The rules as JSON text. */
  text: string;
}

function Editor({ policy, start, saves }: { policy: Policy; start: Policy; saves: boolean }) {
  const api = useApi();
  const navigate = useNavigate();
  const [fields, set] = useFields(editSearch);
  // What is edited began as this, whatever is saved meanwhile.
  const [base, setBase] = useState(policy);
  const [draft, setDraft] = useState<Draft>(() => draftOf(start));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const read = readRules(draft.text);
  const after = {
    ...base,
    name: draft.name,
    default: draft.otherwise,
    rules: (read.rules ?? base.rules) as Policy['rules'],
  };
  const changed =
    draft.name !== base.name ||
    draft.otherwise !== base.default ||
    (read.rules === null ? true : JSON.stringify(read.rules) !== JSON.stringify(base.rules));
  const check = useCheck(policy.id, draft, read.rules !== null);
  const save = useWrite(
    () =>
      send<Policy>(
        api,
        'PATCH',
        `/v1/policies/${policy.id}`,
        bodyWith(draft.text, { name: draft.name.trim(), default: draft.otherwise }),
      ),
    {
      topics: ['policies'],
      quiet: true,
      said: ({ version }) => `Saved as version ${version}`,
      done: (saved) => {
        setBase(saved);
        setDraft(draftOf(saved));
        void navigate({ to: `/policies/${policy.id}` as never, ignoreBlocker: true });
      },
    },
  );
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => changed && current.pathname !== next.pathname,
    enableBeforeUnload: () => changed,
    withResolver: true,
  });
  const wrongRules = Object.keys(check?.fields ?? {}).some((field) => field.startsWith('rules'));
  const rules = read.rules === null || wrongRules ? null : draft.text;
  return (
    <Page
      title={`Edit ${policy.name}`}
      above={
        <>
          <Link to={'/policies' as never}>Policies</Link> /{' '}
          <Link to={'/policies/$policyId' as never} params={{ policyId: policy.id } as never}>
            {policy.name}
          </Link>
        </>
      }
      actions={
        <>
          <Button variant="default" onClick={() => setDraft(draftOf(base))} disabled={!changed}>
            Start over
          </Button>
          {saves && (
            <Button
              onClick={() => save.mutate()}
              loading={save.isPending}
              disabled={!changed || rules === null}
            >
              Save as version {policy.version + 1}
            </Button>
          )}
        </>
      }
    >
      {policy.version !== base.version && !save.isPending && (
        <div className="bw-stale" role="status">
          Version {policy.version} was saved meanwhile by {who(policy.updated_by)}: saving this draft takes
          its place.{' '}
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              setBase(policy);
              setDraft(draftOf(policy));
            }}
          >
            Start from version {policy.version}
          </Button>
        </div>
      )}
      {save.error && !fieldError(save.error, 'rules') && !fieldError(save.error, 'name') && (
        <ProblemAlert error={save.error} />
      )}
      <div className="bw-policy">
        <div>
          <Group gap="sm" align="flex-start" mb="sm" grow preventGrowOverflow={false}>
            <TextInput
              label="Name"
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              error={fieldError(save.error, 'name')}
              maxLength={128}
              autoComplete="off"
            />
            <div>
              <Text id="otherwise" fw={500} mb={2}>
                What no rule says anything about
              </Text>
              <SegmentedControl
                aria-labelledby="otherwise"
                data={[
                  { value: 'allow', label: 'Allow' },
                  { value: 'deny', label: 'Deny' },
                ]}
                value={draft.otherwise}
                onChange={(otherwise) => change({ otherwise })}
              />
            </div>
          </Group>
          <Tabs
            value={fields.as ?? 'form'}
            onChange={(value) => set({ as: value === 'json' ? 'json' : undefined })}
            keepMounted={false}
          >
            <Tabs.List aria-label="How to edit" mb="sm">
              <Tabs.Tab value="form">Form</Tabs.Tab>
              <Tabs.Tab value="json">JSON</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="form">
              {read.rules === null ? (
                <Text c="dimmed">
                  The JSON cannot be read (line {read.line}: {read.problem}). Mend it there, or start over.
                </Text>
              ) : (
                <RuleForm
                  rules={read.rules}
                  error={check}
                  onChange={(next) => change({ text: printRules(next) })}
                />
              )}
            </Tabs.Panel>
            <Tabs.Panel value="json">
              <JsonEditor text={draft.text} read={read} error={check} onChange={(text) => change({ text })} />
            </Tabs.Panel>
          </Tabs>
          <Section title={`Changes to version ${base.version}`}>
            <Changes before={base} after={after} />
          </Section>
        </div>
        <div className="bw-try">
          <Tabs
            value={fields.try ?? 'dry-run'}
            onChange={(value) => set({ try: value === 'replay' ? 'replay' : undefined })}
          >
            <Tabs.List aria-label="How to try it" mb="sm">
              <Tabs.Tab value="dry-run">Dry run</Tabs.Tab>
              <Tabs.Tab value="replay">Replay over history</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="dry-run">
              <DryRun policyId={policy.id} rules={rules} otherwise={draft.otherwise} />
            </Tabs.Panel>
            <Tabs.Panel value="replay">
              <Replay policyId={policy.id} rules={rules} otherwise={draft.otherwise} />
            </Tabs.Panel>
          </Tabs>
        </div>
      </div>
      {blocker.status === 'blocked' && (
        <Confirm
          title="Leave without saving?"
          action="Leave and lose the draft"
          onConfirm={async () => blocker.proceed()}
          onClose={() => blocker.reset()}
        >
          What was changed of {policy.name} is not saved.
        </Confirm>
      )}
    </Page>
  );
}

function draftOf({ name, default: otherwise, rules }: Policy): Draft {
  return { name, otherwise, text: printRules(rules) };
}

/** What the server finds wrong with the rules, as they are typed; nothing is written. */
function useCheck(policyId: string, draft: Draft, readable: boolean): ApiError | null {
  const api = useApi();
  const [text] = useDebouncedValue(draft.text, 350);
  const current = readable && text === draft.text;
  const query = useQuery<null, ApiError>({
    queryKey: ['policy check', policyId, text],
    queryFn: () =>
      send(
        api,
        'POST',
        `/v1/policies/${policyId}/evaluate`,
        bodyWith(text, { amount_usd: '1', vendor: 'check' }),
      )
        .then(() => null)
        .catch((error: unknown) => {
          throw asApiError(error);
        }),
    meta: { topics: [] },
    enabled: current,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  return current ? query.error : null;
}
