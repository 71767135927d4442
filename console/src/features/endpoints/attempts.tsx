/** Every attempt of a delivery, newest first, with what was answered. */
import { Text } from '@mantine/core';
import type { components } from '@/api/schema';
import { TimingBar, TimingLegend } from '@/ui/bars';
import { CodeBlock } from '@/ui/code-block';
import { Time } from '@/ui/time';
import { Headers } from './headers';

type Attempt = components['schemas']['Attempt'];

export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <Text c="dimmed">None yet.</Text>;
  const scaleMs = Math.max(...attempts.map(({ latency }) => latency.total_ms));
  const newest = attempts.at(-1)?.id;
  return (
    <div className="bw-ep-attempts">
      {[...attempts].reverse().map((attempt) => (
        <OneAttempt key={attempt.id} attempt={attempt} scaleMs={scaleMs} open={attempt.id === newest} />
      ))}
      <TimingLegend />
    </div>
  );
}

function OneAttempt({ attempt, scaleMs, open }: { attempt: Attempt; scaleMs: number; open: boolean }) {
  const code = attempt.status_code ?? null;
  const succeeded = code !== null && code >= 200 && code < 300;
  return (
    <details className="bw-ep-attempt" open={open}>
      <summary>
        <span className="bw-none bw-num">#{attempt.number}</span>
        <Time at={attempt.at} as="second" />
        <span className="bw-status" data-tone={succeeded ? 'ok' : 'bad'}>
          <span className="bw-dot" data-tone={succeeded ? 'ok' : 'bad'} aria-hidden />
          {code === null ? 'no answer' : `answered ${code}`}
        </span>
        <TimingBar timing={attempt.latency} scaleMs={scaleMs} />
      </summary>
      <div>
        {attempt.error && attempt.error !== `status ${code}` && <Text c="red">{attempt.error}</Text>}
        {attempt.remote && (
          <Text c="dimmed">
            Sent to <code>{attempt.remote}</code>
          </Text>
        )}
        {Object.keys(attempt.response_headers).length > 0 && (
          <Headers headers={attempt.response_headers} label="Response headers" />
        )}
        {attempt.response_body ? (
          <CodeBlock code={attempt.response_body} label="Response body" wrap />
        ) : (
          code !== null && <Text c="dimmed">The answer had no body.</Text>
        )}
      </div>
    </details>
  );
}
