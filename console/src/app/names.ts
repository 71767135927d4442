/** What things are called, to choose from and to be shown instead of ids. */
import { useGet } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useSession } from './session';

type Endpoint = components['schemas']['Endpoint'];

/** The names of the namespaces; none for a session that is bound to one. */
export function useNamespaces(): string[] {
  const { me } = useSession();
  const { data } = useGet('/v1/namespaces', {
    topics: ['keys', 'endpoints'],
    params: { query: { limit: 200 } },
    enabled: !me.namespace,
  });
  return data?.namespaces.map(({ name }) => name) ?? [];
}

/** The types that events have. */
export function useEventTypes(): string[] {
  const { data } = useGet('/v1/event-types', { topics: [], params: { query: { limit: 200 } } });
  return data?.event_types.map(({ name }) => name) ?? [];
}

/** What the endpoints are called, by id; one that could only be called by its kind is called by its id. */
export function useEndpointNames(): ReadonlyMap<string, string> {
  const { data } = useGet('/v1/webhooks', { topics: ['endpoints'], params: { query: { limit: 200 } } });
  return new Map(
    data?.endpoints.map(({ id, description, url }) => [id, description || hostOf(url) || id] as const),
  );
}

/** Under which name people know an endpoint: what it is for, else where it goes. */
export function nameOf(endpoint: Pick<Endpoint, 'description' | 'url' | 'kind'>): string {
  return endpoint.description || hostOf(endpoint.url) || `${endpoint.kind} endpoint`;
}

/** `hooks.acme.com/bellwire` of a URL. */
export function hostOf(url: string | null | undefined): string {
  return (url ?? '').replace(/^https?:\/\//, '');
}
