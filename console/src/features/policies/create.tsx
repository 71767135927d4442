/** A new policy: it governs nothing until it is attached, so it is made first and its rules are tried then. */
import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useSession } from '@/app/session';
import { Dialog } from '@/ui/dialog';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { bodyWith, printRules } from './draft';
import { send } from './send';
import type { Policy, Rule } from './words';

const STARTS: readonly { value: string; label: string; rules: Rule[]; otherwise: 'allow' | 'deny' }[] = [
  {
    value: 'ask',
    label: 'Ask above $500.00, at most $5,000.00 a day',
    rules: [
      { require_approval_above_usd: '500', approval: { timeout: '15m', quorum: 1 } },
      { daily_cap_usd: '5000' },
    ],
    otherwise: 'allow',
  },
  {
    value: 'named',
    label: 'Only vendors by name',
    rules: [{ vendors: { allow: ['anthropic'] } }],
    otherwise: 'deny',
  },
  { value: 'none', label: 'No rules yet', rules: [], otherwise: 'allow' },
];

export function Create({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const { me } = useSession();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [namespace, setNamespace] = useState('');
  const [start, setStart] = useState('ask');
  const make = useWrite((body: string) => send<Policy>(api, 'POST', '/v1/policies', body), {
    topics: ['policies'],
    quiet: true,
    said: ({ name: made }) => `Made ${made}. It governs nothing until it is attached.`,
    done: ({ id }) => void navigate({ to: `/policies/${id}/edit` as never }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const chosen = STARTS.find(({ value }) => value === start);
    make.mutate(
      bodyWith(printRules(chosen?.rules ?? []), {
        name: name.trim(),
        default: chosen?.otherwise,
        namespace: namespace.trim(),
      }),
    );
  };
  const placed = ['name', 'namespace'].some((field) => fieldError(make.error, field));
  return (
    <Dialog onClose={onClose} title="New policy" size="md">
      <form onSubmit={submit}>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(make.error, 'name')}
          placeholder="production"
          maxLength={128}
          required
          data-autofocus
          autoComplete="off"
        />
        <Select
          mt="sm"
          label="Start with"
          data={STARTS.map(({ value, label }) => ({ value, label }))}
          value={start}
          onChange={(value) => setStart(value ?? 'none')}
          allowDeselect={false}
        />
        {!me.namespace && (
          <TextInput
            mt="sm"
            label="Namespace"
            description="Whose it is: then it counts inside that namespace only. Cannot be changed."
            value={namespace}
            onChange={(event) => setNamespace(event.currentTarget.value)}
            error={fieldError(make.error, 'namespace')}
            autoComplete="off"
          />
        )}
        <Text c="dimmed" mt="sm" mb="sm">
          It governs nothing until it is attached to a wallet, an agent or a namespace: try its rules first.
        </Text>
        {!placed && <ProblemAlert error={make.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Make the policy
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
