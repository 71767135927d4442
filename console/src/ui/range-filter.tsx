/**
 * A span of time as two fields of the URL, `since` and `until`, as the API takes them: how far back from now, or
 * between two times that are typed in the local zone.
 */
import { Group, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { localText } from './clock';
import { SINCE } from './filters';

export interface Range {
  since?: string | undefined;
  until?: string | undefined;
}

const BETWEEN = 'between';

export function RangeFilter({
  value,
  onChange,
  label = 'Any time',
}: {
  value: Range;
  onChange: (range: Range) => void;
  label?: string;
}) {
  const [between, setBetween] = useState(false);
  const preset = value.until ? undefined : SINCE.find((choice) => choice.value === value.since)?.value;
  const exact = between || value.until !== undefined || (value.since !== undefined && preset === undefined);
  return (
    <>
      <Select
        aria-label={label}
        placeholder={label}
        data={[...SINCE, { value: BETWEEN, label: 'Between …' }]}
        value={exact ? BETWEEN : (preset ?? null)}
        onChange={(next) => {
          setBetween(next === BETWEEN);
          if (next !== BETWEEN) onChange({ since: next ?? undefined, until: undefined });
        }}
        clearable
        w={132}
      />
      {exact && <RangeInputs value={value} onChange={onChange} />}
    </>
  );
}

/** From and until, each a local time to the minute. */
export function RangeInputs({ value, onChange }: { value: Range; onChange: (range: Range) => void }) {
  return (
    <Group gap={6} wrap="nowrap">
      <TextInput
        type="datetime-local"
        aria-label="From"
        value={toLocal(value.since)}
        onChange={(event) => onChange({ ...value, since: fromLocal(event.currentTarget.value) })}
      />
      <TextInput
        type="datetime-local"
        aria-label="Until"
        value={toLocal(value.until)}
        onChange={(event) => onChange({ ...value, until: fromLocal(event.currentTarget.value) })}
      />
    </Group>
  );
}

/** A time of the URL as `<input type="datetime-local">` has it; a duration has none. */
export function toLocal(time: string | undefined): string {
  const at = time === undefined || !/^\d{4}-/.test(time) ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? '' : localText(new Date(at)).slice(0, 16).replace(' ', 'T');
}

export function fromLocal(typed: string): string | undefined {
  const at = typed === '' ? Number.NaN : new Date(typed).getTime();
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
