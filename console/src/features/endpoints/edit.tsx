/** Changing an endpoint: only what was changed is sent. */
import { Button, Group } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { Dialog } from '@/ui/dialog';
import { ProblemAlert } from '@/ui/problem-alert';
import { changesOf, draftOf, type Endpoint } from './form';
import { EndpointFields } from './form-fields';
import { withoutFields } from './refusal';

export function EditEndpoint({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const api = useApi();
  const [before] = useState(() => draftOf(endpoint));
  const [draft, setDraft] = useState(before);
  const save = useWrite(
    () =>
      answer(
        api.http.PATCH('/v1/webhooks/{endpoint_id}', {
          params: { path: { endpoint_id: endpoint.id } },
          body: changesOf(before, draft),
        }),
      ),
    { topics: ['endpoints'], quiet: true, said: 'Endpoint changed', done: onClose },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <Dialog onClose={onClose} title="Edit the endpoint" size="lg" closeOnClickOutside={false}>
      <form className="bw-ep-form" onSubmit={submit} noValidate>
        <EndpointFields
          draft={draft}
          change={(part) => setDraft((old) => ({ ...old, ...part }))}
          error={save.error}
          made
        />
        <ProblemAlert error={withoutFields(save.error)} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={save.isPending}
            disabled={Object.keys(changesOf(before, draft)).length === 0}
          >
            Save
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
