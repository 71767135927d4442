/** Making an endpoint, and its secret, once. */
import { Button, Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { useSession } from '@/app/session';
import { Dialog } from '@/ui/dialog';
import { ProblemAlert } from '@/ui/problem-alert';
import { BLANK, changesOf, type Endpoint } from './form';
import { EndpointFields } from './form-fields';
import { withoutFields } from './refusal';
import { SecretStep } from './secret-step';

export function CreateEndpoint({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const { me } = useSession();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(BLANK);
  const [made, setMade] = useState<{ endpoint: Endpoint; secret: string } | null>(null);
  // The secret goes to this component's state and nowhere else: what a write answers is kept in a cache.
  const create = useWrite(
    async () => {
      const body = { ...changesOf(BLANK, draft), ...(me.namespace ? { namespace: me.namespace } : {}) };
      const { endpoint } = await answer(api.http.POST('/v1/webhooks', { body }));
      const { secret, ...rest } = endpoint;
      setMade({ endpoint: rest, secret: secret ?? '' });
    },
    { topics: ['endpoints'], quiet: true },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  if (made) {
    const { id } = made.endpoint;
    return (
      <Dialog
        onClose={onClose}
        title="Endpoint created"
        size="lg"
        closeOnClickOutside={false}
        closeOnEscape={false}
      >
        <SecretStep endpoint={made.endpoint} secret={made.secret} />
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
          <Button onClick={() => void navigate({ to: `/endpoints/${id}` as never })}>
            Open the endpoint
          </Button>
        </Group>
      </Dialog>
    );
  }
  return (
    <Dialog onClose={onClose} title="Create an endpoint" size="lg" closeOnClickOutside={false}>
      <form className="bw-ep-form" onSubmit={submit} noValidate>
        <EndpointFields
          draft={draft}
          change={(part) => setDraft((before) => ({ ...before, ...part }))}
          error={create.error}
        />
        <ProblemAlert error={withoutFields(create.error)} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
