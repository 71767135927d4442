/**
 * Filters above a list, bound to the URL:
 *
 *     const [filters, set] = useFields(eventSearch);
 *     <Filters active={filters} onClear={() => set({ type: undefined, since: undefined })}>
 *       <TextFilter label="Type" value={filters.type} onChange={(type) => set({ type })} focusKey />
 *       <ChoiceFilter label="Since" value={filters.since} options={SINCE} onChange={(since) => set({ since })} />
 *     </Filters>
 */
import { Autocomplete, Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';

export function Filters({
  any,
  onClear,
  children,
  aside,
}: {
  /** whether one is set */ any: boolean;
  onClear: () => void;
  children: ReactNode;
  aside?: ReactNode;
}) {
  return (
    <search className="bw-filters">
      <Group gap={6} className="bw-filters-in">
        {children}
        {any && (
          <Button variant="subtle" color="gray" leftSection={<X size={12} />} onClick={onClear}>
            Clear
          </Button>
        )}
      </Group>
      {aside && (
        <Group gap={6} wrap="nowrap">
          {aside}
        </Group>
      )}
    </search>
  );
}

export interface TextFilterProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  placeholder?: string;
  /** Suggestions. */
  options?: readonly string[];
  width?: number;
  /** `/` goes here. One for each page. */
  focusKey?: boolean;
}

/** Text; what is typed counts when typing stops, or with Enter. */
export function TextFilter({
  label,
  value,
  onChange,
  placeholder,
  options,
  width = 180,
  focusKey,
}: TextFilterProps) {
  const [typed, setTyped] = useState(value ?? '');
  const told = useRef(value ?? '');
  // The URL changed by something else, such as going back.
  useEffect(() => {
    if ((value ?? '') !== told.current) {
      told.current = value ?? '';
      setTyped(value ?? '');
    }
  }, [value]);
  const tell = (text: string) => {
    const next = text.trim();
    if (next === told.current) return;
    told.current = next;
    onChange(next === '' ? undefined : next);
  };
  const soon = useDebouncedCallback(tell, 300);
  const shared = {
    'aria-label': label,
    placeholder: placeholder ?? label,
    value: typed,
    w: width,
    spellCheck: false,
    autoComplete: 'off',
    'data-filter': focusKey || undefined,
    onKeyDown: (event: React.KeyboardEvent) => event.key === 'Enter' && tell(typed),
  };
  if (options) {
    return (
      <Autocomplete
        {...shared}
        data={[...options]}
        limit={12}
        onChange={(text) => {
          setTyped(text);
          soon(text);
        }}
        onOptionSubmit={tell}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        soon(event.currentTarget.value);
      }}
    />
  );
}

export interface Choice<T extends string> {
  value: T;
  label: string;
}

export interface ChoiceFilterProps<T extends string> {
  label: string;
  value: T | undefined;
  options: readonly Choice<T>[];
  onChange: (value: T | undefined) => void;
  width?: number;
}

/** One of a few, or none of them. */
export function ChoiceFilter<T extends string>({
  label,
  value,
  options,
  onChange,
  width = 132,
}: ChoiceFilterProps<T>) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={options.map(({ value: each, label: text }) => ({ value: each, label: text }))}
      value={value ?? null}
      onChange={(next) => onChange((next as T | null) ?? undefined)}
      clearable
      w={width}
    />
  );
}

/** How far back. */
export const SINCE = [
  { value: '5m', label: 'Last 5 min' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 h' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
] as const;
