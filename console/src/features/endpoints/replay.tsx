/** Sending a range of events again: counted first, then a job. */
import { Button, Checkbox, Group, Select, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { Dialog } from '@/ui/dialog';
import { SINCE } from '@/ui/filters';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { type Range, RangeInputs } from '@/ui/range-filter';
import type { Endpoint } from './form';
import { withoutFields } from './refusal';
import { TypesInput } from './types-input';

type ReplayForm = components['schemas']['ReplayForm'];

const BETWEEN = 'between';

export function ReplayDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const api = useApi();
  const [span, setSpan] = useState('24h');
  const [range, setRange] = useState<Range>({});
  const [status, setStatus] = useState('');
  const [types, setTypes] = useState<string[]>([]);
  const [missing, setMissing] = useState(false);
  const form: ReplayForm = {
    ...(span === BETWEEN ? range : { since: span }),
    ...(status ? { status } : {}),
    ...(types.length > 0 ? { types } : {}),
    ...(missing ? { missing } : {}),
  };
  const asked = JSON.stringify(form);
  const post = (body: ReplayForm) =>
    answer(
      api.http.POST('/v1/webhooks/{endpoint_id}/replay', {
        params: { path: { endpoint_id: endpoint.id } },
        body,
      }),
    );
  const count = useWrite(
    async (body: ReplayForm) => ({ ...(await post({ ...body, dry_run: true })), asked }),
    {
      topics: [],
      quiet: true,
    },
  );
  const start = useWrite(post, {
    topics: ['jobs', 'deliveries', 'endpoints'],
    quiet: true,
    said: 'The replay is under way',
    done: onClose,
  });
  const error = start.error ?? count.error;
  // A count of something else is no answer to what is asked now.
  const counted = count.data?.asked === asked ? count.data.total : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (counted === null) count.mutate(form);
    else start.mutate(form);
  };
  return (
    <Dialog onClose={onClose} title="Replay deliveries" size="md">
      <form className="bw-ep-form" onSubmit={submit} noValidate>
        <Text>
          Deliveries of the range that ended are sent again, marked as replay. Handlers know them by their{' '}
          <code>webhook-id</code>.
        </Text>
        <div className="bw-ep-pair">
          <Select
            label="Accepted"
            data={[...SINCE, { value: BETWEEN, label: 'Between …' }]}
            value={span}
            allowDeselect={false}
            onChange={(value) => value && setSpan(value)}
            error={span === BETWEEN ? undefined : fieldError(error, 'since')}
          />
          <Select
            label="Which"
            data={[
              { value: '', label: 'Delivered and dead letters' },
              { value: 'failed', label: 'Dead letters' },
              { value: 'success', label: 'Delivered' },
            ]}
            value={status}
            allowDeselect={false}
            onChange={(value) => setStatus(value ?? '')}
            error={fieldError(error, 'status')}
          />
        </div>
        {span === BETWEEN && (
          <div>
            <RangeInputs value={range} onChange={setRange} />
            <Text c="red" size="xs">
              {fieldError(error, 'since') ?? fieldError(error, 'until')}
            </Text>
          </div>
        )}
        <TypesInput
          label="Types"
          placeholder="All types"
          value={types}
          onChange={setTypes}
          error={fieldError(error, 'types')}
        />
        <Checkbox
          label="Also events that made no delivery to this endpoint, as from before it existed"
          checked={missing}
          onChange={(event) => setMissing(event.currentTarget.checked)}
        />
        <ProblemAlert error={withoutFields(error)} />
        {counted !== null && (
          <Text fw={600} role="status">
            {counted === 0
              ? 'There is nothing to send again.'
              : `${counted.toLocaleString('en')} ${counted === 1 ? 'delivery' : 'deliveries'} will be sent again.`}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={count.isPending || start.isPending} disabled={counted === 0}>
            {counted === null ? 'Count' : 'Start the replay'}
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
