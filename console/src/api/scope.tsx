/**
 * Who asks: an `Api`, its own cache, its own live connection. The console has one for the session; the
 * playground puts its pages in a second one that holds the sandbox's key.
 */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Api } from './client';
import { Live, type LiveState } from './live';
import { ApiError } from './problem';

interface Scope {
  api: Api;
  live: Live;
}

const ScopeContext = createContext<Scope | null>(null);

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        gcTime: 5 * 60_000,
        refetchOnWindowFocus: false,
        retryDelay: (attempt) => Math.min(400 * 2 ** attempt, 5_000),
        // No answer, or a server that is starting: worth another try. A refusal is an answer.
        retry: (failures, error) =>
          failures < 4 && error instanceof ApiError && (error.status === 0 || error.status === 503),
      },
    },
  });
}

export function ApiScope({
  api,
  live: on = true,
  children,
}: {
  api: Api;
  live?: boolean;
  children: ReactNode;
}) {
  const scope = useMemo(() => {
    const queries = newQueryClient();
    return { api, queries, live: new Live(api, queries) };
  }, [api]);
  useEffect(() => (on ? scope.live.start() : undefined), [scope, on]);
  return (
    <ScopeContext.Provider value={scope}>
      <QueryClientProvider client={scope.queries}>{children}</QueryClientProvider>
    </ScopeContext.Provider>
  );
}

function useScope(): Scope {
  const scope = useContext(ScopeContext);
  if (!scope) throw new Error('useApi needs an ApiScope around it');
  return scope;
}

export function useApi(): Api {
  return useScope().api;
}

export function useLive(): Live {
  return useScope().live;
}

export function useLiveState(): LiveState {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, live.snapshot);
}
