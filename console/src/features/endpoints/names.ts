import { useGet } from '@/api/hooks';
import { useSession } from '@/app/session';

/** The names of the namespaces, to choose from; none for a session that is bound to one. */
export function useNamespaces(): string[] {
  const { me } = useSession();
  const { data } = useGet('/v1/namespaces', {
    topics: [],
    params: { query: { limit: 200 } },
    enabled: !me.namespace,
  });
  return data?.namespaces.map(({ name }) => name) ?? [];
}

/** The types that events have, and their families as `family.*`. */
export function useEventTypes(): string[] {
  const { data } = useGet('/v1/event-types', { topics: [], params: { query: { limit: 200 } } });
  return data?.event_types.map(({ name }) => name) ?? [];
}

/** `purchase.*` for each family, before the types themselves. */
export function withFamilies(types: readonly string[]): string[] {
  const families = new Set(types.map((type) => `${type.split('.')[0]}.*`));
  return ['*', ...families, ...types];
}
