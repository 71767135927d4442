/** Types and families of events, typed or chosen. */
import { TagsInput } from '@mantine/core';
import { useState } from 'react';
import { useEventTypes } from '@/app/names';

export function TypesInput({
  label,
  description,
  placeholder,
  required,
  value,
  onChange,
  error,
}: {
  label: string;
  description?: string;
  placeholder: string;
  required?: boolean;
  value: string[];
  onChange: (types: string[]) => void;
  error: string | undefined;
}) {
  const known = useEventTypes();
  const [typed, setTyped] = useState('');
  return (
    <TagsInput
      label={label}
      description={description}
      placeholder={value.length === 0 ? placeholder : undefined}
      required={required}
      data={withFamilies(known)}
      limit={30}
      maxDropdownHeight={200}
      splitChars={[',', ' ']}
      acceptValueOnBlur
      searchValue={typed}
      onSearchChange={setTyped}
      // Open only while something is typed: else it lies over the buttons below, once a type was taken.
      dropdownOpened={typed !== ''}
      value={value}
      onChange={onChange}
      error={error}
    />
  );
}

/** `purchase.*` for each family, before the types themselves. */
function withFamilies(types: readonly string[]): string[] {
  const families = new Set(types.map((type) => `${type.split('.')[0]}.*`));
  return ['*', ...families, ...types];
}
