/** Logging in with an API key, or with a link that was printed. */
import { Anchor, Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { Navigate, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { useRaw } from '@/api/hooks';
import { type ApiError, asApiError } from '@/api/problem';
import { ProblemAlert } from '@/ui/problem-alert';
import { SchemeSwitch } from './header';
import { inside } from './inside';
import { Wordmark } from './logo';
import { fields, text, useFields } from './search';
import { useSessionState } from './session';
import { Splash } from './shell';
import { spendLink } from './takelink';

export const loginSearch = fields({ next: text() });

export default function Login() {
  const { known, logIn } = useSessionState();
  const [{ next }] = useFields(loginSearch);
  const [link] = useState(spendLink);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(link !== null);
  const navigate = useNavigate();
  const asked = known.state !== 'loading';

  // Only when the page is there and knows who it was: what fetches links to look at them runs no script.
  useEffect(() => {
    if (!asked || link === null || linkSpent.has(link)) return;
    linkSpent.add(link);
    logIn({ link }).then(
      () => void navigate({ to: inside(next) as never, replace: true }),
      (problem: unknown) => {
        setError(asApiError(problem));
        setBusy(false);
      },
    );
  }, [asked, link, logIn, navigate, next]);

  if (known.state === 'loading' || (busy && link !== null)) return <Splash />;
  if (known.state === 'in' && error === null) return <Navigate to={inside(next) as never} replace />;

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('api_key') ?? '').trim();
    if (key === '') return;
    setBusy(true);
    setError(null);
    logIn({ api_key: key }).then(
      () => void navigate({ to: inside(next) as never, replace: true }),
      (problem: unknown) => {
        setError(asApiError(problem));
        setBusy(false);
      },
    );
  };

  return (
    <main className="bw-login">
      <div className="bw-login-corner">
        <SchemeSwitch />
      </div>
      <Stack gap="md" w="100%" maw={360}>
        <Wordmark />
        <div>
          <Title order={1}>Log in</Title>
          <Text c="dimmed">With an API key. It is exchanged for a session of this browser and not kept.</Text>
        </div>
        {error && <ProblemAlert error={explain(error, link !== null)} />}
        <form onSubmit={submit} method="post">
          <Stack gap="sm">
            <PasswordInput
              name="api_key"
              label="API key"
              placeholder="bw_…"
              size="sm"
              autoComplete="current-password"
              autoFocus
              required
              withAsterisk={false}
              spellCheck={false}
            />
            <Button type="submit" size="sm" loading={busy} fullWidth>
              Log in
            </Button>
          </Stack>
        </form>
        <Text size="xs" c="dimmed">
          No key at hand? <code>bellwire serve</code> prints a link that logs in once, and{' '}
          <code>bellwire console-link</code> makes another.
        </Text>
        <Playground />
      </Stack>
    </main>
  );
}

function Playground() {
  const playground = useRaw<{ enabled: boolean }>('/v1/try', { topics: [] });
  if (!playground.data?.enabled) return null;
  return (
    <Text size="xs" c="dimmed">
      Only looking?{' '}
      <Anchor href="/try" size="xs">
        Open the playground
      </Anchor>
      : a sandbox, with nothing to set up.
    </Text>
  );
}

/** Links that were sent: a link works once, and an effect may run twice. */
const linkSpent = new Set<string>();

function explain(error: ApiError, byLink: boolean): ApiError {
  if (error.status !== 401) return error;
  const detail = byLink
    ? 'This link was used already, or its time is over. Make another with `bellwire console-link`, or log in with a key.'
    : 'No key like this, or it was revoked or has ended.';
  return Object.assign(Object.create(Object.getPrototypeOf(error)) as ApiError, error, {
    title: 'Not logged in',
    detail,
    message: detail,
  });
}
