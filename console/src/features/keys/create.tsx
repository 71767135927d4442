/** Making a key: what it is called, what it may do, until when. Then its secret, once. */
import { Autocomplete, Button, Checkbox, Group, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { answer } from '@/api/client';
import { useOnce } from '@/api/once';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import type { Me } from '@/api/session';
import { useSession } from '@/app/session';
import { CodeBlock } from '@/ui/code-block';
import { Dialog } from '@/ui/dialog';
import { curl } from '@/ui/origin';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { SecretOnce } from '@/ui/secret';
import { Time } from '@/ui/time';
import { DEFAULT_END, ENDS, endOf } from './ends';
import { asSent, type Kind, kindsFor, mayGive, PERMISSIONS, usual } from './permissions';

type Body = components['schemas']['CreateKeyBody'];

const KINDS: Record<Kind, { label: string; about: string }> = {
  scoped: { label: 'Scoped', about: 'One namespace: what a customer’s agents work in' },
  workspace: { label: 'Workspace', about: 'Works in every namespace' },
  admin: { label: 'Admin', about: 'Manages endpoints, wallets, policies and keys' },
};

export interface CreateKeyProps {
  namespaces: readonly string[];
  initialNamespace: string | undefined;
  onClose: () => void;
}

export function CreateKey({ namespaces, initialNamespace, onClose }: CreateKeyProps) {
  const api = useApi();
  const made = useOnce((body: Body) => answer(api.http.POST('/v1/keys', { body })), ['keys', 'audit']);
  const key = made.answer;
  return (
    // A click beside it must not lose a secret that is shown once.
    <Dialog
      onClose={onClose}
      title={key ? `The key ${key.name}` : 'Create a key'}
      size="lg"
      closeOnClickOutside={!key}
    >
      {key?.api_key ? (
        <Stack gap="md">
          <SecretOnce secret={key.api_key} what="API key">
            Put it where your program keeps its secrets. Only a hash of it is stored: it cannot be shown
            again.
          </SecretOnce>
          <Text>
            {key.namespace ? (
              <>
                It works in the namespace <b>{key.namespace}</b>{' '}
              </>
            ) : (
              'It works in every namespace '
            )}
            with {key.permissions.length} {key.permissions.length === 1 ? 'permission' : 'permissions'}.{' '}
            {key.expires_at ? (
              <>
                It ends <Time at={key.expires_at} />.
              </>
            ) : (
              'It does not end by itself.'
            )}
          </Text>
          <CodeBlock code={curl('/v1/me', { key: key.api_key })} label="A first request" wrap />
          <Group justify="flex-end">
            <Button onClick={onClose}>Done</Button>
          </Group>
        </Stack>
      ) : (
        <KeyForm made={made} namespaces={namespaces} initialNamespace={initialNamespace} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface KeyFormProps extends CreateKeyProps {
  made: ReturnType<typeof useOnce<components['schemas']['KeyView'], Body>>;
}

function KeyForm({ made, namespaces, initialNamespace, onClose }: KeyFormProps) {
  const { me } = useSession();
  const kinds = kindsFor(me);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('scoped');
  const [namespace, setNamespace] = useState(me.namespace ?? initialNamespace ?? '');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => givable(me, 'scoped'));
  const [end, setEnd] = useState(DEFAULT_END);
  const [endAt, setEndAt] = useState('');
  const [person, setPerson] = useState('');
  const [agent, setAgent] = useState('');
  const { error } = made;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void made.ask({
      name: name.trim(),
      kind,
      namespace: kind === 'scoped' && namespace.trim() ? namespace.trim() : null,
      permissions: asSent(kind, chosen),
      person: person.trim() || null,
      agent_id: agent.trim() || null,
      expires_at: endOf(end, endAt, Date.now()),
    });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {error && Object.keys(error.fields).length === 0 && <ProblemAlert error={error} />}
        <TextInput
          label="Name"
          description="What people call it"
          placeholder="billing worker"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(error, 'name')}
          required
          maxLength={128}
          data-autofocus
        />
        {kinds.length > 1 && (
          <Radio.Group
            label="Kind"
            value={kind}
            onChange={(value) => {
              setKind(value as Kind);
              setChosen(givable(me, value as Kind));
            }}
            error={fieldError(error, 'kind')}
          >
            <Stack gap={6} mt={6}>
              {kinds.map((each) => (
                <Radio key={each} value={each} label={KINDS[each].label} description={KINDS[each].about} />
              ))}
            </Stack>
          </Radio.Group>
        )}
        {kind === 'scoped' && (
          <Autocomplete
            label="Namespace"
            description={
              me.namespace ? 'The only one that your own key may touch' : 'A new one is made with the key'
            }
            placeholder="customer-acme"
            data={[...namespaces]}
            value={namespace}
            onChange={setNamespace}
            error={fieldError(error, 'namespace')}
            disabled={Boolean(me.namespace)}
            required
          />
        )}
        <PermissionFields
          me={me}
          kind={kind}
          chosen={chosen}
          onChange={setChosen}
          error={fieldError(error, 'permissions')}
        />
        <Group gap="md" align="flex-start" grow>
          <Select
            label="Ends"
            data={ENDS.map(({ value, label }) => ({ value, label }))}
            value={end}
            onChange={(value) => setEnd(value ?? DEFAULT_END)}
            allowDeselect={false}
            error={end === 'at' ? undefined : fieldError(error, 'expires_at')}
          />
          {end === 'at' && (
            <TextInput
              type="datetime-local"
              label="Ends at"
              value={endAt}
              onChange={(event) => setEndAt(event.currentTarget.value)}
              error={fieldError(error, 'expires_at')}
              required
            />
          )}
        </Group>
        <Group gap="md" align="flex-start" grow preventGrowOverflow={false}>
          <TextInput
            label="Person"
            description="Who holds it, for the audit log"
            placeholder="ada@example.com"
            value={person}
            onChange={(event) => setPerson(event.currentTarget.value)}
            error={fieldError(error, 'person')}
            maxLength={128}
          />
          <TextInput
            label="Agent"
            description="Which agent acts with it"
            placeholder="research-1"
            value={agent}
            onChange={(event) => setAgent(event.currentTarget.value)}
            error={fieldError(error, 'agent_id')}
            maxLength={128}
          />
        </Group>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={made.busy}>
            Create the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What of a kind's usual permissions somebody may give. */
function givable(me: Me, kind: Kind): ReadonlySet<string> {
  return new Set(usual(kind).filter((name) => mayGive(me, name)));
}

function PermissionFields({
  me,
  kind,
  chosen,
  onChange,
  error,
}: {
  me: Me;
  kind: Kind;
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
  error: string | undefined;
}) {
  const [own, setOwn] = useState(false);
  const changed = asSent(kind, chosen) !== null;
  const toggle = (name: string) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    onChange(next);
  };
  return (
    <Checkbox.Group label="Permissions" error={error} value={[...chosen]}>
      {own ? (
        <div className="bw-permissions">
          {PERMISSIONS.filter(({ name }) => mayGive(me, name)).map(({ name, about }) => (
            <Checkbox
              key={name}
              value={name}
              label={<code>{name}</code>}
              description={about}
              onChange={() => toggle(name)}
            />
          ))}
        </div>
      ) : (
        <Text c="dimmed" size="xs">
          {[...chosen].join(', ')}
        </Text>
      )}
      <Button variant="subtle" size="compact-xs" mt={6} ml={-8} onClick={() => setOwn(!own)}>
        {own ? 'Show as a list' : 'Choose others'}
      </Button>
      {changed && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          mt={6}
          onClick={() => onChange(givable(me, kind))}
        >
          As usual for its kind
        </Button>
      )}
    </Checkbox.Group>
  );
}
