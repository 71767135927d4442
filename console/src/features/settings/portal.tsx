/** Making a link for a tenant. It is a secret: shown once, kept nowhere. */
import { Button, Group, Select, Stack, Switch, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { answer } from '@/api/client';
import { useOnce } from '@/api/once';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { Dialog } from '@/ui/dialog';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { SecretOnce } from '@/ui/secret';
import { Time } from '@/ui/time';
import { LASTS } from './said';

type Form = components['schemas']['PortalLinkForm'];

const HOUR = '3600';

export function PortalDialog({ namespace, onClose }: { namespace: string; onClose: () => void }) {
  const api = useApi();
  const made = useOnce(
    (body: Form) =>
      answer(
        api.http.POST('/v1/namespaces/{namespace}/portal-link', { params: { path: { namespace } }, body }),
      ),
    ['keys', 'audit'],
  );
  const [lasts, setLasts] = useState(HOUR);
  const [readOnly, setReadOnly] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void made.ask({ expires_in_s: Number(lasts), read_only: readOnly });
  };
  const link = made.answer;
  return (
    <Dialog onClose={onClose} title={`Portal link for ${namespace}`} size="md" closeOnClickOutside={!link}>
      {link ? (
        <Stack gap="md">
          <SecretOnce secret={link.url} what="portal link">
            Send it to the customer. It may be opened again until it ends; who has it is in.
          </SecretOnce>
          <Text>
            It ends <Time at={link.expires_at} />, or when{' '}
            <Link to={'/keys' as never} search={{ open: link.key_id } as never} onClick={onClose}>
              its key
            </Link>{' '}
            is revoked.
          </Text>
          <Group justify="flex-end">
            <Button onClick={onClose}>Done</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="md">
            <Text c="dimmed">
              Whoever opens it sees the endpoints, events and deliveries of {namespace}, and nothing else.
            </Text>
            {made.error && Object.keys(made.error.fields).length === 0 && <ProblemAlert error={made.error} />}
            <Select
              label="Good for"
              data={[...LASTS]}
              value={lasts}
              onChange={(value) => setLasts(value ?? HOUR)}
              allowDeselect={false}
              error={fieldError(made.error, 'expires_in_s')}
              data-autofocus
            />
            <Switch
              label="Read only"
              description="The customer sees everything and changes nothing"
              checked={readOnly}
              onChange={(event) => setReadOnly(event.currentTarget.checked)}
            />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={made.busy}>
                Make the link
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}
