/** What the agent was told, and what it can do about it. */
import { Button, Text } from '@mantine/core';
import { printExact } from '@/api/exact';
import { CodeBlock } from '@/ui/code-block';
import { showUsd } from '@/ui/nanos';
import { type Agent, type Exchange, LOOP_COUNT, type Run } from './spending';

const WORDS: Record<number, string> = {
  201: 'Created',
  402: 'Payment Required',
  403: 'Forbidden',
  422: 'Unprocessable',
  423: 'Locked',
  429: 'Too Many Requests',
};

export function Answered({
  agent,
  frozen,
  busy,
  onRaise,
  onUnfreeze,
}: {
  agent: Agent;
  frozen: boolean;
  busy: boolean;
  onRaise: () => void;
  onUnfreeze: () => void;
}) {
  const { latest, run } = agent;
  if (latest === null) return null;
  return (
    <div className="try-answer" role="region" aria-label="What the agent was told">
      {run && <RunLine run={run} />}
      <div className="try-request-line">
        POST …/purchases{' '}
        <span className="bw-none">
          {latest.wish.vendor}, ${latest.wish.amount_usd}
        </span>
      </div>
      <div className="try-status" data-tone={latest.status < 300 ? 'ok' : 'bad'}>
        <strong>
          {latest.status} {WORDS[latest.status] ?? ''}
        </strong>
        {latest.headers.map(([name, value]) => (
          <code key={name}>
            {name}: {value}
          </code>
        ))}
      </div>
      <Advice latest={latest} frozen={frozen} busy={busy} onRaise={onRaise} onUnfreeze={onUnfreeze} />
      <details className="try-details">
        <summary>The whole answer</summary>
        <CodeBlock code={printExact(latest.answer)} label="Answer" wrap />
      </details>
    </div>
  );
}

function RunLine({ run }: { run: Run }) {
  const refused = Object.entries(run.refused).map(([status, count]) => `${count} refused (${status})`);
  const said = [`${run.bought} bought`, ...refused].join(', ');
  return (
    <div className="try-run" role="status">
      <strong className="bw-num">
        {run.running ? `${run.asked} of ${LOOP_COUNT}` : `${run.asked} asked`}
      </strong>
      <span className="bw-num">{said}</span>
    </div>
  );
}

function Advice({
  latest,
  frozen,
  busy,
  onRaise,
  onUnfreeze,
}: {
  latest: Exchange;
  frozen: boolean;
  busy: boolean;
  onRaise: () => void;
  onUnfreeze: () => void;
}) {
  const { answer, status, wish } = latest;
  const usd = (name: string) => showUsd(String(answer[name] ?? ''));
  if (status === 402) {
    return (
      <div className="try-advice">
        <Text fw={600}>
          The wall: {usd('available_usd')} left, {usd('requested_usd')} asked
        </Text>
        <Text>An agent reads here what it can do, without asking anybody:</Text>
        <ul>
          <li>
            not try the same again: <code>x-should-retry: false</code>
          </li>
          <li>choose something for {usd('available_usd')} or less</li>
          <li>
            {answer.resets_at
              ? `wait until ${String(answer.resets_at)}, when the budget starts anew`
              : 'not wait: this budget is prepaid and never starts anew'}
          </li>
          <li>ask a person to raise it, as you can here</li>
        </ul>
        <Button mt={8} onClick={onRaise} disabled={busy}>
          Raise it by $5.00
        </Button>
      </div>
    );
  }
  if (status === 423 || frozen) {
    return (
      <div className="try-advice">
        <Text fw={600}>The wallet is frozen</Text>
        <Text>
          {typeof answer.reason === 'string' ? `${answer.reason}. ` : ''}
          Nothing more is bought, whatever is left in it, until a person looks and says go on.
        </Text>
        <Button mt={8} onClick={onUnfreeze} disabled={busy}>
          Unfreeze it
        </Button>
      </div>
    );
  }
  if (status === 429) {
    return <Text mt={6}>A sandbox takes 50 writes a second. Wait a moment.</Text>;
  }
  if (status >= 300) return <Text mt={6}>{String(answer.detail ?? 'It was refused.')}</Text>;
  return (
    <Text mt={6} c="dimmed">
      {wish.description}. Recorded, taken from the wallet and told, in one transaction.
    </Text>
  );
}
