/** The other side: who receives the webhooks, and how to break it. */
import { Button, Radio, Text, TextInput, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { answer } from '@/api/client';
import { useGet, useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { ProgressBar } from '@/ui/bars';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { Countdown } from '@/ui/time';
import { useChosen } from './chosen';
import type { Delivery } from './feed';
import type { Sandbox } from './sandbox';

type Job = components['schemas']['ReplayJob'];

const BEHAVIOURS = [
  { value: 'ok', label: 'Works', text: '200 at once' },
  { value: 'fail', label: 'Fails', text: '500 every time' },
  { value: 'slow', label: 'Too slow', text: '20 s; 5 s are waited' },
  { value: 'wrong', label: 'Wrong status', text: '302, not followed' },
  { value: 'flaky', label: 'Flaky', text: '500 at first, then 200' },
] as const;

export function HandlerCard({ sandbox, deliveries }: { sandbox: Sandbox; deliveries: readonly Delivery[] }) {
  const api = useApi();
  const path = { endpoint_id: sandbox.endpoint_id };
  const endpoint = useGet('/v1/webhooks/{endpoint_id}', { topics: ['endpoints'], params: { path } });
  const move = useWrite(
    (url: string) =>
      api.raw<components['schemas']['EndpointAnswer']>('PATCH', `/v1/webhooks/${sandbox.endpoint_id}`, {
        body: { url },
      }),
    { topics: ['endpoints', 'deliveries'], quiet: true, done: () => setOwn(null) },
  );
  /** The URL that is being typed; null when none is. */
  const [own, setOwn] = useState<string | null>(null);
  const [moving, moveTo] = useChosen<string>();
  // What was just chosen counts, and then what is newest: the answer to the change, or the endpoint asked anew.
  const asked = endpoint.data?.endpoint;
  const newest = move.data && move.data.endpoint.version > (asked?.version ?? 0) ? move.data.endpoint : asked;
  const url = moving ?? newest?.url ?? '';
  const behaviour = BEHAVIOURS.find(({ value }) => url === sandbox.catcher_url + value)?.value;
  const chosen = own !== null ? 'own' : url === '' ? '' : (behaviour ?? 'own');

  const to = (url: string) => moveTo(url, move.mutateAsync(url));
  const choose = (value: string) => {
    if (value === 'own') return setOwn(behaviour ? '' : url);
    setOwn(null);
    to(sandbox.catcher_url + value);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (own?.trim()) to(own.trim());
  };

  return (
    <section className="try-card try-handler" id="try-handler" aria-labelledby="try-handler-title">
      <div className="try-card-head">
        <Title order={2} id="try-handler-title">
          Your handler
        </Title>
      </div>
      <Radio.Group value={chosen} onChange={choose} aria-label="How the handler behaves">
        <div className="try-behaviours">
          {BEHAVIOURS.map(({ value, label, text }) => (
            <Radio key={value} value={value} label={label} description={text} />
          ))}
          <Radio value="own" label="My own URL" description="your code" />
        </div>
      </Radio.Group>
      {own !== null ? (
        <form onSubmit={submit} className="try-own">
          <TextInput
            aria-label="Your URL"
            placeholder="https://example.com/hook"
            type="url"
            value={own}
            onChange={(event) => setOwn(event.currentTarget.value)}
            error={fieldError(move.error, 'url')}
            autoFocus
          />
          <Button type="submit" loading={move.isPending}>
            Send there
          </Button>
        </form>
      ) : (
        <p className="try-url">
          <code>{url}</code>
        </p>
      )}
      <ProblemAlert error={fieldError(move.error, 'url') ? null : move.error} />
      <Waiting sandbox={sandbox} deliveries={deliveries} />
      <Replay sandbox={sandbox} any={deliveries.length > 0} />
    </section>
  );
}

/** What did not arrive yet, and when it is tried again. */
function Waiting({ sandbox, deliveries }: { sandbox: Sandbox; deliveries: readonly Delivery[] }) {
  const api = useApi();
  const overview = useGet('/v1/overview', { topics: ['deliveries', 'endpoints'] });
  const circuit = overview.data?.open_circuits?.find(
    ({ endpoint_id }) => endpoint_id === sandbox.endpoint_id,
  );
  const waiting = deliveries.filter(({ status, attempts }) => status === 'pending' && attempts > 0);
  const behind = deliveries.filter(({ status }) => status === 'pending').length;
  const failed = deliveries.filter(({ status }) => status === 'failed').length;
  const hurry = useWrite(
    async () => {
      const body = { endpoint_id: sandbox.endpoint_id };
      if (behind > 0)
        await answer(api.http.POST('/v1/deliveries/retry', { body: { ...body, status: 'pending' } }));
      if (failed > 0)
        await answer(api.http.POST('/v1/deliveries/retry', { body: { ...body, status: 'failed' } }));
      // One by name closes the breaker, if it is open: somebody wants to know now.
      const one = deliveries.find(({ status }) => status !== 'success');
      if (one) {
        const params = { path: { delivery_id: one.id } };
        await answer(api.http.POST('/v1/deliveries/{delivery_id}/retry', { params }));
      }
    },
    { topics: ['deliveries', 'endpoints'] },
  );
  const next = waiting
    .map(({ next_attempt_at }) => next_attempt_at)
    .filter((at): at is string => typeof at === 'string')
    .sort()[0];
  if (waiting.length + failed === 0 && !circuit) return null;
  return (
    <div className="try-waiting-box" role="region" aria-label="What is waiting">
      <Text>
        <strong className="bw-num">{behind}</strong> waiting
        {failed > 0 && (
          <>
            , <strong className="bw-num">{failed}</strong> given up
          </>
        )}
        {next && !circuit && (
          <>
            ; the next attempt in{' '}
            <strong>
              <Countdown until={next} over="0 s" />
            </strong>
          </>
        )}
      </Text>
      {circuit && (
        <Text mt={4}>
          It failed ten times in a row, so it is left alone and probed in{' '}
          <strong>
            <Countdown until={circuit.open_until} over="0 s" />
          </strong>
          . No attempts are used up.
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        After 1 s, 5 s, 30 s, 2 min and 10 min. What is still unanswered then becomes a dead letter, and
        stays.
      </Text>
      <Button variant="default" mt={8} loading={hurry.isPending} onClick={() => hurry.mutate()}>
        Try all of them now
      </Button>
    </div>
  );
}

function Replay({ sandbox, any }: { sandbox: Sandbox; any: boolean }) {
  const api = useApi();
  const [started, setStarted] = useState<Job | null>(null);
  const replay = useWrite(
    () => api.raw<Job>('POST', `/v1/webhooks/${sandbox.endpoint_id}/replay`, { body: { since: '24h' } }),
    { topics: ['deliveries', 'jobs'], quiet: true, done: setStarted },
  );
  const id = started?.id ?? '';
  const asked = useGet('/v1/jobs/{job_id}', {
    topics: ['jobs'],
    params: { path: { job_id: id } },
    enabled: id !== '',
    everyMs: 1_000,
  });
  const job = asked.data?.id === id ? asked.data : started;
  return (
    <div className="try-replay">
      <Button variant="default" disabled={!any} loading={replay.isPending} onClick={() => replay.mutate()}>
        Replay everything
      </Button>
      {job ? (
        <ProgressBar done={job.done} total={job.total} label="Replayed" />
      ) : (
        <Text size="xs" c="dimmed">
          Sends what was delivered again, marked <code>bellwire-replay: true</code>, with the same ids.
        </Text>
      )}
      <ProblemAlert error={replay.error} />
    </div>
  );
}
