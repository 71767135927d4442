/** Who is logged in. The cookie is HttpOnly: what we know, `GET /v1/session` told us. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { type Api, createApi } from '@/api/client';
import { type ApiError, asApiError } from '@/api/problem';
import { ApiScope } from '@/api/scope';
import type { Permission, Session } from '@/api/session';

type Known =
  | { state: 'loading' }
  | { state: 'out' }
  | { state: 'in'; session: Session }
  | { state: 'lost'; error: ApiError };

interface SessionContextValue {
  known: Known;
  /** Exchanges a key or a link for a session; throws `ApiError`. */
  logIn: (by: { api_key: string } | { link: string }) => Promise<Session>;
  /** Throws `ApiError` if the session could not be ended. */
  logOut: () => Promise<void>;
  /** Ask again who we are. */
  retry: () => void;
}

const SessionContext = createContext<SessionContextValue | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [known, setKnown] = useState<Known>({ state: 'loading' });
  const csrf = useRef<string | null>(null);
  const [round, setRound] = useState(0);

  const settle = useCallback((next: Known) => {
    csrf.current = next.state === 'in' ? next.session.csrf_token : null;
    setKnown(next);
  }, []);

  // A new one for each session, so that nothing of one is shown in the next.
  const who = known.state === 'in' ? `${known.session.me.key_id} ${known.session.csrf_token}` : '';
  // biome-ignore lint/correctness/useExhaustiveDependencies: `who` is what makes it another client
  const api: Api = useMemo(
    () =>
      createApi({
        kind: 'session',
        csrfToken: () => csrf.current,
        onEnded: () => setKnown((before) => (before.state === 'in' ? { state: 'out' } : before)),
      }),
    [who],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks again
  useEffect(() => {
    let gone = false;
    const first = createApi({ kind: 'session', csrfToken: () => null, onEnded: () => {} });
    first.raw<Session>('GET', '/v1/session').then(
      (session) => {
        if (!gone) settle({ state: 'in', session });
      },
      (error: unknown) => {
        if (gone) return;
        const problem = asApiError(error);
        // Somebody may have logged in by a link meanwhile: that counts more.
        setKnown((before) => {
          if (before.state === 'in') return before;
          return problem.status === 401 || problem.status === 404
            ? { state: 'out' }
            : { state: 'lost', error: problem };
        });
      },
    );
    return () => {
      gone = true;
    };
  }, [round, settle]);

  const logIn = useCallback(
    async (by: { api_key: string } | { link: string }) => {
      const session = await api.raw<Session>('POST', '/v1/session', { body: by });
      settle({ state: 'in', session });
      return session;
    },
    [api, settle],
  );
  const logOut = useCallback(async () => {
    try {
      await api.raw('DELETE', '/v1/session');
    } catch (error) {
      // The cookie is good as long as the server did not hear of it.
      if (asApiError(error).status !== 401) throw error;
    }
    settle({ state: 'out' });
  }, [api, settle]);
  const retry = useCallback(() => {
    setKnown({ state: 'loading' });
    setRound((before) => before + 1);
  }, []);

  const value = useMemo(() => ({ known, logIn, logOut, retry }), [known, logIn, logOut, retry]);
  return (
    <SessionContext.Provider value={value}>
      <ApiScope api={api} live={known.state === 'in'}>
        {children}
      </ApiScope>
    </SessionContext.Provider>
  );
}

export function useSessionState(): SessionContextValue {
  const value = useContext(SessionContext);
  if (!value) throw new Error('useSessionState needs a SessionProvider around it');
  return value;
}

/** The session; only inside the shell, where there is one. */
export function useSession(): Session {
  const { known } = useSessionState();
  if (known.state !== 'in') throw new Error('useSession is for pages behind the login');
  return known.session;
}

/** Whether the key may do this: what is not allowed is not offered. */
export function useMay(): (permission: Permission) => boolean {
  const { me } = useSession();
  return useCallback((permission) => me.permissions.includes(permission), [me.permissions]);
}

/** The same for what changes something: a session that only looks is offered none of it. */
export function useMayChange(): (permission: Permission) => boolean {
  const may = useMay();
  const { read_only: readOnly } = useSession();
  return useCallback((permission) => !readOnly && may(permission), [may, readOnly]);
}
