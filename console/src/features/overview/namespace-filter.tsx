/** Of which namespace the figures are. The browser's own control: this is part of the first view. */
import { NativeSelect } from '@mantine/core';
import { useNamespaces } from '@/app/names';

export interface NamespaceFilterProps {
  namespace: string | undefined;
  onChange: (namespace: string | undefined) => void;
}

export default function NamespaceFilter({ namespace, onChange }: NamespaceFilterProps) {
  const names = new Set(useNamespaces());
  // A link may name one that is further down the list.
  if (namespace) names.add(namespace);
  return (
    <NativeSelect
      aria-label="Namespace"
      value={namespace ?? ''}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      data={[{ value: '', label: 'All namespaces' }, ...names]}
      w={190}
    />
  );
}
