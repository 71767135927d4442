/** Before there is a sandbox: what it is, where its webhooks go, and one button. */
import { Button, Radio, Stack, Text, TextInput, Title } from '@mantine/core';
import { Bell, RotateCcw, ShieldCheck, Wallet } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { answer, createApi } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { Frame } from './frame';
import type { Opened } from './sandbox';

const PROMISES = [
  {
    icon: Wallet,
    title: 'A wall, not a warning',
    text: 'An agent with $5.00 spends until there is nothing left. Then it is 402.',
  },
  {
    icon: Bell,
    title: 'Every step is an event',
    text: 'Bought, running out, looping: told at once, with a signed webhook.',
  },
  {
    icon: RotateCcw,
    title: 'Nothing is lost',
    text: 'Break the receiver, watch the retries count down, put it right, replay.',
  },
  {
    icon: ShieldCheck,
    title: 'Nothing is believed',
    text: 'Take a signature apart, byte by byte, and see what makes it fail.',
  },
];

/** Nobody: a sandbox is made without a key. */
const nobody = createApi({ kind: 'session', csrfToken: () => null, onEnded: () => {} });

export function Welcome({ gone, onOpen }: { gone: boolean; onOpen: (opened: Opened) => void }) {
  const [own, setOwn] = useState(false);
  const [url, setUrl] = useState('');
  const open = useWrite(
    (given: string | undefined) => answer(nobody.http.POST('/v1/try', { body: { url: given } })),
    { topics: [], quiet: true, done: onOpen },
  );
  const wrong = fieldError(open.error, 'url');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open.mutate(own && url.trim() !== '' ? url.trim() : undefined);
  };
  return (
    <Frame>
      <main className="try-welcome">
        <div className="try-pitch">
          {gone && (
            <p className="try-gone" role="status">
              The sandbox that was here is gone: each lives for a day. Open another.
            </p>
          )}
          <Title order={1}>Give an agent $5.00. See everything it does.</Title>
          <Text c="dimmed" className="try-lead">
            A sandbox of your own: play money, real walls, real webhooks. No account, nothing to install, gone
            in 24 hours.
          </Text>
          <form onSubmit={submit} aria-label="Open a sandbox">
            <Stack gap="sm">
              <Radio.Group
                label="Where its webhooks go"
                value={own ? 'own' : 'catcher'}
                onChange={(value) => setOwn(value === 'own')}
              >
                <Stack gap={6} mt={6}>
                  <Radio value="catcher" label="The built-in catcher, which can be told to fail" />
                  <Radio value="own" label="My own URL" />
                </Stack>
              </Radio.Group>
              {own && (
                <TextInput
                  label="Your URL"
                  placeholder="https://example.com/hook"
                  type="url"
                  value={url}
                  onChange={(event) => setUrl(event.currentTarget.value)}
                  error={wrong}
                  required
                  withAsterisk={false}
                  autoFocus
                />
              )}
              {open.error && !wrong && <ProblemAlert error={open.error} />}
              <div>
                <Button type="submit" size="sm" loading={open.isPending}>
                  Open a sandbox
                </Button>
              </div>
            </Stack>
          </form>
        </div>
        <ul className="try-promises">
          {PROMISES.map(({ icon: Icon, title, text }) => (
            <li key={title}>
              <Icon size={18} strokeWidth={1.6} aria-hidden />
              <div>
                <Text fw={600}>{title}</Text>
                <Text c="dimmed">{text}</Text>
              </div>
            </li>
          ))}
        </ul>
      </main>
    </Frame>
  );
}
