/** The fields of an endpoint, to make one or to change one. */
import {
  Autocomplete,
  Checkbox,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';
import type { ApiError } from '@/api/problem';
import { useNamespaces } from '@/app/names';
import { useSession } from '@/app/session';
import { fieldError } from '@/ui/problem-alert';
import { DIALECT_LABELS, DIALECTS, type Draft, PRESETS } from './form';
import { TypesInput } from './types-input';

export interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  error: ApiError | null;
  /** A made endpoint stays push or pull. */
  made?: boolean;
}

/** Those that are folded away; a fault in one unfolds them. */
const MORE = 'dialect signing retry filter timeout_ms rate_limit max_in_flight ordered headers'.split(' ');

export function EndpointFields(props: FieldsProps) {
  const { draft, change, error, made } = props;
  const { me } = useSession();
  const namespaces = useNamespaces();
  const [more, setMore] = useState(false);
  const hidden = MORE.some((field) => fieldError(error, field));
  return (
    <>
      {!made && (
        <SegmentedControl
          aria-label="How deliveries get there"
          data={[
            { value: 'push', label: 'Push to a URL' },
            { value: 'pull', label: 'Pulled by the receiver' },
          ]}
          value={draft.kind}
          onChange={(kind) => change({ kind: kind as Draft['kind'] })}
        />
      )}
      {draft.kind === 'push' ? (
        <TextInput
          label="URL"
          required
          data-autofocus
          type="url"
          placeholder="https://hooks.example.com/bellwire"
          spellCheck={false}
          value={draft.url}
          onChange={(event) => change({ url: event.currentTarget.value })}
          error={fieldError(error, 'url')}
        />
      ) : (
        <Text c="dimmed">
          For receivers without a public address: they take deliveries under a lease and acknowledge each.
        </Text>
      )}
      <TypesInput
        label="Events"
        required
        description="Exact types, family.* or * for all"
        placeholder="purchase.*"
        value={draft.events}
        onChange={(events) => change({ events })}
        error={fieldError(error, 'events')}
      />
      <div className="bw-ep-pair">
        <TextInput
          label="Description"
          placeholder="Order service, production"
          value={draft.description}
          onChange={(event) => change({ description: event.currentTarget.value })}
          error={fieldError(error, 'description')}
        />
        {!me.namespace && (
          <Autocomplete
            label="Namespace"
            placeholder="All namespaces"
            data={namespaces}
            value={draft.namespace}
            onChange={(namespace) => change({ namespace })}
            error={fieldError(error, 'namespace')}
          />
        )}
      </div>
      <details open={more || hidden} onToggle={(event) => setMore(event.currentTarget.open)}>
        <summary>Signing, retries and limits</summary>
        <MoreFields {...props} />
      </details>
    </>
  );
}

function MoreFields({ draft, change, error }: FieldsProps) {
  const push = draft.kind === 'push';
  return (
    <div className="bw-ep-form">
      <div className="bw-ep-pair">
        <Select
          label="Dialect"
          description="How an event looks on the wire"
          data={DIALECTS.map((value) => ({ value, label: DIALECT_LABELS[value] ?? value }))}
          value={draft.dialect}
          allowDeselect={false}
          onChange={(dialect) => dialect && change({ dialect })}
          error={fieldError(error, 'dialect')}
        />
        <Select
          label="Signature"
          description="In the Standard Webhooks headers"
          data={[
            { value: 'hmac', label: 'HMAC-SHA256 with a secret' },
            { value: 'ed25519', label: 'Ed25519 with a public key' },
          ]}
          value={draft.signing}
          allowDeselect={false}
          onChange={(signing) => signing && change({ signing: signing as Draft['signing'] })}
          error={fieldError(error, 'signing')}
        />
      </div>
      <RetryFields draft={draft} change={change} error={error} />
      <TextInput
        label="Filter"
        description="A CEL expression over event; only what it is true of is delivered"
        placeholder="event.data.amount_usd > 100.0"
        spellCheck={false}
        value={draft.filter}
        onChange={(event) => change({ filter: event.currentTarget.value })}
        error={fieldError(error, 'filter')}
      />
      {push && (
        <div className="bw-ep-pair">
          <NumberInput
            label="Timeout (ms)"
            min={500}
            max={30_000}
            step={500}
            clampBehavior="none"
            value={draft.timeoutMs}
            onChange={(timeoutMs) => change({ timeoutMs })}
            error={fieldError(error, 'timeout_ms')}
          />
          <NumberInput
            label="Deliveries per second"
            placeholder="no limit"
            min={1}
            clampBehavior="none"
            value={draft.rateLimit}
            onChange={(rateLimit) => change({ rateLimit })}
            error={fieldError(error, 'rate_limit')}
          />
          <NumberInput
            label="Requests at once"
            min={1}
            max={256}
            clampBehavior="none"
            value={draft.maxInFlight}
            onChange={(maxInFlight) => change({ maxInFlight })}
            error={fieldError(error, 'max_in_flight')}
          />
        </div>
      )}
      {push && (
        <Textarea
          label="Extra request headers"
          description="One a line, as Name: value"
          placeholder="X-Team: payments"
          autosize
          minRows={2}
          spellCheck={false}
          value={draft.headers}
          onChange={(event) => change({ headers: event.currentTarget.value })}
          error={fieldError(error, 'headers')}
        />
      )}
      <Switch
        label="In order: one at a time per wallet, customer, approval or namespace"
        checked={draft.ordered}
        onChange={(event) => change({ ordered: event.currentTarget.checked })}
        error={fieldError(error, 'ordered')}
      />
    </div>
  );
}

function RetryFields({ draft, change, error }: FieldsProps) {
  return (
    <div className="bw-ep-pair">
      <Select
        label="Retries"
        description="Delays before each retry; after the last, a dead letter"
        data={[
          { value: '', label: 'As the dialect has it' },
          ...PRESETS,
          { value: 'schedule', label: 'Own schedule …' },
        ]}
        value={draft.retry}
        allowDeselect={false}
        onChange={(retry) => change({ retry: retry ?? '' })}
        error={draft.retry === 'schedule' ? undefined : fieldError(error, 'retry')}
      />
      {draft.retry === 'schedule' && (
        <div>
          <TextInput
            label="Schedule"
            description="1 to 20 delays of 1s to 24h"
            placeholder="15s, 60s, 5m, 1h"
            spellCheck={false}
            value={draft.schedule}
            onChange={(event) => change({ schedule: event.currentTarget.value })}
            error={fieldError(error, 'retry')}
          />
          <Checkbox
            mt={6}
            label="Vary each by 20 %"
            checked={draft.jitter}
            onChange={(event) => change({ jitter: event.currentTarget.checked })}
          />
        </div>
      )}
    </div>
  );
}
