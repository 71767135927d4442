/** The playground: a sandbox without a login, where cause and effect are side by side. */
import { Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { lazy, Suspense, useMemo, useState } from 'react';
import { createApi } from '@/api/client';
import { useRaw } from '@/api/hooks';
import { ApiScope } from '@/api/scope';
import { Splash } from '@/app/shell';
import { CodeBlock } from '@/ui/code-block';
import { ProblemAlert } from '@/ui/problem-alert';
import { Frame } from './frame';
import { forgetSandbox, keepSandbox, keptSandbox, type Opened, type Sandbox } from './sandbox';
import { Welcome } from './welcome';
import './try.css';

/** Not part of the first view: a newcomer reads first. */
const Stage = lazy(async () => ({ default: (await import('./stage')).Stage }));

interface Held {
  sandbox: Sandbox;
  /** Known to the page that opened it only. */
  secret: string | null;
}

export default function Playground() {
  useDocumentTitle('Playground · Bellwire');
  const there = useRaw<{ enabled: boolean }>('/v1/try', { topics: [] });
  const [held, setHeld] = useState<Held | null>(() => {
    const sandbox = keptSandbox(Date.now());
    return sandbox && { sandbox, secret: null };
  });
  const [gone, setGone] = useState(false);
  const key = held?.sandbox.api_key;
  const api = useMemo(() => (key === undefined ? null : createApi({ kind: 'key', key })), [key]);

  const leave = (why: { gone: boolean }) => {
    forgetSandbox();
    setHeld(null);
    setGone(why.gone);
  };
  const open = (opened: Opened) => {
    setHeld({ sandbox: keepSandbox(opened), secret: opened.secret });
    setGone(false);
  };

  if (there.data === undefined) {
    if (there.error === null) return <Splash />;
    return (
      <main className="bw-alone">
        <ProblemAlert error={there.error} retry={() => void there.refetch()} />
      </main>
    );
  }
  if (!there.data.enabled) return <Off />;
  if (held === null || api === null) return <Welcome gone={gone} onOpen={open} />;
  return (
    <ApiScope key={held.sandbox.workspace_id} api={api}>
      <Suspense fallback={<Splash />}>
        <Stage
          sandbox={held.sandbox}
          secret={held.secret}
          onSecret={(secret) => setHeld({ sandbox: held.sandbox, secret })}
          onLeave={() => leave({ gone: false })}
          onGone={() => leave({ gone: true })}
        />
      </Suspense>
    </ApiScope>
  );
}

function Off() {
  return (
    <Frame>
      <main className="try-off">
        <Title order={1}>The playground is off here</Title>
        <Text c="dimmed" mt={4} mb="sm">
          It makes sandboxes for anybody who can reach the server, so it is on only where that is nobody else:
          on a loopback address, or with <code>--dev</code>. On your own machine, this starts a server with
          it:
        </Text>
        <CodeBlock code="bellwire serve --dev" label="Command" />
        <Text c="dimmed" mt="sm">
          If it is off on a loopback address, it was switched off: take <code>--no-playground</code> from the
          command, or <code>playground = false</code> from the configuration.
        </Text>
      </main>
    </Frame>
  );
}
