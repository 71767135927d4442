/** A purchase that is made up: what the draft would say of it, and why. */
import { Button, Select, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge, type Tone } from '@/ui/status';
import { type Column, DataTable } from '@/ui/table';
import { bodyWith } from './draft';
import { send } from './send';
import { useWallets } from './wallets';

type Decision = components['schemas']['PolicyDecision'];
type Line = components['schemas']['PolicyLine'];

export interface TryProps {
  policyId: string;
  /** The rules of the draft; null while they cannot be tried. */
  rules: string | null;
  otherwise: string;
}

const WORDS: Record<string, { word: string; tone: Tone }> = {
  allow: { word: 'Allowed', tone: 'ok' },
  deny: { word: 'Denied', tone: 'bad' },
  require_approval: { word: 'People are asked', tone: 'wait' },
};

const FIELDS = ['amount_usd', 'vendor', 'description', 'category', 'agent_id', 'wallet_id', 'at'];

export function DryRun({ policyId, rules, otherwise }: TryProps) {
  const api = useApi();
  const { wallets, known } = useWallets();
  const [typed, setTyped] = useState<Record<string, string>>({ amount_usd: '100', vendor: 'anthropic' });
  const run = useWrite(
    (body: string) => send<Decision>(api, 'POST', `/v1/policies/${policyId}/evaluate`, body),
    { topics: [], quiet: true },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (rules === null) return;
    const { at = '', ...rest } = typed;
    const when = at === '' ? undefined : new Date(at).toISOString();
    run.mutate(bodyWith(rules, { ...rest, at: when, default: otherwise }));
  };
  const text = (name: string, label: string, more: Record<string, unknown> = {}) => (
    <TextInput
      label={label}
      value={typed[name] ?? ''}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setTyped((before) => ({ ...before, [name]: value }));
      }}
      error={fieldError(run.error, name)}
      autoComplete="off"
      {...more}
    />
  );
  const placed = FIELDS.some((field) => fieldError(run.error, field));
  return (
    <>
      <form onSubmit={submit} aria-label="A purchase to try">
        <div className="bw-rule-fields">
          {text('amount_usd', 'Amount, USD', { inputMode: 'decimal', required: true })}
          {text('vendor', 'Vendor', { required: true })}
          {text('description', 'Description')}
          {text('category', 'Category')}
          {text('agent_id', 'Agent')}
          {known ? (
            <Select
              label="Wallet"
              placeholder="nothing spent so far"
              searchable
              clearable
              limit={30}
              data={wallets.map(({ id, name }) => ({ value: id, label: name }))}
              value={typed.wallet_id ?? null}
              onChange={(value) => setTyped((before) => ({ ...before, wallet_id: value ?? '' }))}
              error={fieldError(run.error, 'wallet_id')}
            />
          ) : (
            text('wallet_id', 'Wallet')
          )}
          {text('at', 'When (now if empty)', { type: 'datetime-local' })}
        </div>
        <Button type="submit" variant="default" mt="sm" loading={run.isPending} disabled={rules === null}>
          Try it
        </Button>
      </form>
      {!placed && run.error && (
        <div className="bw-verdict">
          <ProblemAlert error={run.error} />
        </div>
      )}
      {run.data && !run.error && <Verdict decision={run.data} />}
    </>
  );
}

function Verdict({ decision }: { decision: Decision }) {
  const { word, tone } = WORDS[decision.decision] ?? { word: decision.decision, tone: 'off' };
  const decider = decision.rules.find(
    ({ rule, effect }) => rule === decision.rule && effect === decision.decision,
  );
  return (
    <>
      <div className="bw-verdict" role="status">
        <div className="bw-verdict-word">
          <StatusBadge status={decision.decision} label={word} tone={tone} />
        </div>
        <Text>
          {decider ? `Rule ${decider.index}, ` : ''}
          <code>{decision.rule}</code>: {decision.detail}.
        </Text>
      </div>
      <DataTable
        label="What each rule makes of it"
        columns={LINES}
        rows={decision.rules}
        rowKey={({ index, rule }) => `${index} ${rule}`}
        chosen={decider && `${decider.index} ${decider.rule}`}
        keys={false}
        empty={<Text c="dimmed">There are no rules.</Text>}
      />
    </>
  );
}

const LINES: readonly Column<Line>[] = [
  {
    id: 'effect',
    header: 'Effect',
    width: 124,
    cell: ({ effect }) => {
      const known = { allow: 'allows', deny: 'denies', require_approval: 'asks', none: 'nothing' }[effect];
      return <StatusBadge status={effect} label={known ?? effect} tone={WORDS[effect]?.tone ?? 'off'} />;
    },
  },
  {
    id: 'rule',
    header: 'Rule',
    cell: ({ index, rule, detail }) => (
      <span className="bw-wrap">
        {index} <code>{rule}</code> <span className="bw-none">{detail}</span>
      </span>
    ),
  },
];
