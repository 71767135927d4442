/** One webhook, taken apart: headers and body as sent, and every attempt with what the handler said. */
import { Button, Skeleton, Text, Title } from '@mantine/core';
import { RotateCcw, ShieldCheck } from 'lucide-react';
import { answer } from '@/api/client';
import { useGet, useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { TimingBar } from '@/ui/bars';
import { CodeBlock } from '@/ui/code-block';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { Countdown, Time } from '@/ui/time';
import type { Happening } from './feed';
import { Outcome } from './outcome';
import type { Sent } from './verify';

type Attempt = components['schemas']['Attempt'];

/** What makes a webhook verifiable is marked. */
const SIGNED = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

export function Inspect({
  happening,
  onVerify,
}: {
  happening: Happening | null;
  onVerify: (sent: Sent) => void;
}) {
  return (
    <section className="try-card try-inspect" aria-labelledby="try-inspect">
      <div className="try-card-head">
        <Title order={2} id="try-inspect">
          {happening ? `The webhook of ${happening.event.type}` : 'The webhook'}
        </Title>
      </div>
      {happening?.delivery ? (
        <Webhook key={happening.delivery.id} id={happening.delivery.id} onVerify={onVerify} />
      ) : (
        <Text c="dimmed">
          {happening
            ? 'There is none: this happened before the endpoint was there.'
            : 'Choose an event to see what was sent for it, and what came back.'}
        </Text>
      )}
    </section>
  );
}

function Webhook({ id, onVerify }: { id: string; onVerify: (sent: Sent) => void }) {
  const api = useApi();
  const delivery = useGet('/v1/deliveries/{delivery_id}', {
    topics: ['deliveries'],
    params: { path: { delivery_id: id } },
  });
  const again = useWrite(
    () =>
      answer(api.http.POST('/v1/deliveries/{delivery_id}/retry', { params: { path: { delivery_id: id } } })),
    { topics: ['deliveries'] },
  );
  if (delivery.error && !delivery.data) {
    return <ProblemAlert error={delivery.error} retry={() => void delivery.refetch()} />;
  }
  if (!delivery.data) return <Skeleton h={220} />;
  const { request, attempt_log, status, next_attempt_at, attempts } = delivery.data;
  const longest = Math.max(...attempt_log.map(({ latency }) => latency.total_ms), 1);
  return (
    <>
      <div className="try-inspect-state">
        <Outcome delivery={delivery.data} />
        <span className="try-actions">
          {request && (
            <Button
              variant="light"
              leftSection={<ShieldCheck size={13} />}
              onClick={() => onVerify({ headers: request.headers, body: request.body })}
            >
              Verify its signature
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<RotateCcw size={13} />}
            loading={again.isPending}
            onClick={() => again.mutate()}
          >
            {status === 'success' ? 'Send again' : 'Send now'}
          </Button>
        </span>
      </div>
      <Title order={3} mb={6}>
        {attempt_log.length > 1 ? 'Attempts' : 'Your handler'}
      </Title>
      {attempt_log.length === 0 ? (
        <Text c="dimmed">It is on its way.</Text>
      ) : (
        <ol className="try-attempts">
          {attempt_log.map((attempt) => (
            <AttemptLine key={attempt.id} attempt={attempt} scaleMs={longest} />
          ))}
          {status === 'pending' && attempts > 0 && next_attempt_at && (
            <li className="try-attempt-next">
              <StatusBadge status="pending" label="next attempt" />
              <span>
                in <Countdown until={next_attempt_at} over="0 s" />
              </span>
            </li>
          )}
        </ol>
      )}
      {request && (
        <>
          <Title order={3} mt={14} mb={6}>
            As it was sent
          </Title>
          <div className="try-request" role="region" aria-label="The request as it was sent">
            <div className="try-request-line">
              {request.method} {request.url}
            </div>
            {Object.entries(request.headers).map(([name, value]) => (
              <div key={name} data-signed={SIGNED.includes(name.toLowerCase()) || undefined}>
                <span>{name}:</span> {value}
              </div>
            ))}
          </div>
          <CodeBlock code={request.body} label="Body" wrap />
        </>
      )}
    </>
  );
}

function AttemptLine({ attempt, scaleMs }: { attempt: Attempt; scaleMs: number }) {
  const { number, status_code, error, latency, response_body, at } = attempt;
  const ok = status_code !== null && status_code !== undefined && status_code >= 200 && status_code < 300;
  return (
    <li>
      <span className="try-attempt-head">
        <StatusBadge status={ok ? 'success' : 'failed'} label={`${number}. ${status_code ?? 'no answer'}`} />
        <TimingBar timing={latency} scaleMs={scaleMs} />
        <span className="bw-none">
          <Time at={at} />
        </span>
      </span>
      {(error || response_body) && (
        <span className="try-attempt-said">{response_body ? `“${response_body.slice(0, 120)}”` : error}</span>
      )}
    </li>
  );
}
