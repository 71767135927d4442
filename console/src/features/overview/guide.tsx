/** The first webhook, in commands to copy. A step that was done is ticked, whoever did it. */
import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useGet } from '@/api/hooks';
import { CodeBlock } from '@/ui/code-block';
import { apiUrl, curl } from '@/ui/origin';

export default function Guide() {
  const endpoints = useGet('/v1/webhooks', { topics: ['endpoints'], params: { query: { limit: 1 } } });
  const settings = useGet('/v1/settings', { topics: [] });
  const receiver = settings.data?.playground ? apiUrl('/v1/try/catch/ok') : 'https://example.com/hook';
  const subscribed = (endpoints.data?.endpoints.length ?? 0) > 0;
  return (
    <section aria-label="The first webhook">
      <Text fw={600} size="md">
        Nothing was delivered yet
      </Text>
      <Text c="dimmed" mb="lg">
        From here to the first webhook are three commands. Figures take the place of this as soon as it is
        there.
      </Text>
      <ol className="bw-steps">
        <Step nth={1} title="A key in the shell" command="export BELLWIRE_API_KEY=…">
          The one that you logged in with, or one from <Link to={'/keys' as never}>Keys</Link>.
        </Step>
        <Step
          nth={2}
          title="An endpoint"
          done={subscribed}
          command={curl('/v1/webhooks', { body: { url: receiver, events: ['*'] } })}
        >
          {settings.data?.playground
            ? 'Who receives, and which events. This one is this server’s own catcher, which says 200; yours will do as well.'
            : 'Who receives, and which events. Put in an address of yours.'}
        </Step>
        <Step
          nth={3}
          title="An event"
          command={curl('/v1/events', { body: { type: 'hello.world', data: { answer: 42 } } })}
        >
          It is signed and delivered at once, and tried again until somebody took it. See it in{' '}
          <Link to={'/events' as never}>Events</Link>.
        </Step>
      </ol>
    </section>
  );
}

function Step({
  nth,
  title,
  done = false,
  command,
  children,
}: {
  nth: number;
  title: string;
  done?: boolean;
  command: string;
  children: ReactNode;
}) {
  return (
    <li>
      <span
        className="bw-step-mark"
        data-done={done || undefined}
        role="img"
        aria-label={done ? 'Done' : `Step ${nth}`}
      >
        {done ? <Check size={13} aria-hidden /> : nth}
      </span>
      <div>
        <Text fw={600}>{title}</Text>
        <Text c="dimmed">{children}</Text>
        <CodeBlock code={command} label={title} />
      </div>
    </li>
  );
}
