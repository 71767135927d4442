/** A new secret for an endpoint; the old one goes on signing beside it for a while. */
import { Button, Group, Select, Text } from '@mantine/core';
import { useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { Dialog } from '@/ui/dialog';
import { ProblemAlert } from '@/ui/problem-alert';
import { SecretOnce } from '@/ui/secret';
import { Time } from '@/ui/time';
import { type Endpoint, newSecretWhen } from './form';

const OVERLAPS = [
  { value: '0s', label: 'Not at all: the old secret ends now' },
  { value: '1h', label: '1 hour' },
  { value: '24h', label: '24 hours' },
  { value: '7d', label: '7 days' },
];

export function RotateSecret({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const api = useApi();
  const [overlap, setOverlap] = useState('24h');
  const [rotated, setRotated] = useState<{ secret: string; until: string } | null>(null);
  // The secret goes to this component's state and nowhere else: what a write answers is kept in a cache.
  const rotate = useWrite(
    async () => {
      const { secret, previous_expires_at } = await answer(
        api.http.POST('/v1/webhooks/{endpoint_id}/rotate-secret', {
          params: { path: { endpoint_id: endpoint.id } },
          body: { overlap },
        }),
      );
      setRotated({ secret, until: previous_expires_at });
    },
    { topics: ['endpoints'], quiet: true },
  );
  if (rotated) {
    return (
      <Dialog
        onClose={onClose}
        title="The secret is rotated"
        size="lg"
        closeOnClickOutside={false}
        closeOnEscape={false}
      >
        <SecretOnce secret={rotated.secret} what="new signing secret">
          {overlap === '0s' ? (
            'The old one does not sign any more.'
          ) : (
            <>
              The old one signs too until <Time at={rotated.until} as="second" />.{' '}
              {newSecretWhen(endpoint.dialect) === 'finish'
                ? 'Change the handler’s secret when you finish the rotation.'
                : 'Give the handler the new one before that.'}
            </>
          )}
        </SecretOnce>
        <Group justify="flex-end" mt="md">
          <Button data-autofocus onClick={onClose}>
            Done
          </Button>
        </Group>
      </Dialog>
    );
  }
  return (
    <Dialog onClose={onClose} title="Rotate the signing secret?" size="md">
      <div className="bw-ep-form">
        <Text component="div">
          A new secret is made and shown once. For the overlap each delivery carries a signature of both, so
          that the handler can be changed at any time within it.
        </Text>
        {newSecretWhen(endpoint.dialect) === 'finish' && (
          <Text component="div">
            This endpoint’s dialect has room for one signature in its own header: the older secret makes it
            until the rotation is finished. Rotate, deploy the handler with the new secret, finish.
          </Text>
        )}
        {endpoint.dialect === 'pacspace' && (
          <Text component="div">
            A handler that compares the whole <code>X-PacSpace-Signature</code> with one value refuses every
            delivery during the overlap: split it at the comma.
          </Text>
        )}
        <Select
          label="The old secret signs too for"
          data={OVERLAPS}
          value={overlap}
          allowDeselect={false}
          onChange={(value) => value && setOverlap(value)}
        />
        <ProblemAlert error={rotate.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red" loading={rotate.isPending} onClick={() => rotate.mutate()}>
            Rotate the secret
          </Button>
        </Group>
      </div>
    </Dialog>
  );
}
