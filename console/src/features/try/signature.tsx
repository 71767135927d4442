/** A signature taken apart: what a handler does, step by step, in this browser. */
import { Button, Text, Textarea, TextInput, Title } from '@mantine/core';
import { Check, CircleDashed, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { CodeBlock } from '@/ui/code-block';
import { useNow } from '@/ui/now';
import type { Sandbox } from './sandbox';
import { spoils } from './spoils';
import { type Given, type Sent, type Step, type Verdict, verify } from './verify';

const NOTHING: Given = { headers: '', body: '', secret: '' };
const SIGNED = /^(webhook-id|webhook-timestamp|webhook-signature)$/i;
/** How often the age is looked at anew while nobody types. */
const TICK_MS = 5_000;

export function Signature({
  sandbox,
  secret,
  sent,
  onFill,
  onSecret,
  onVerified,
}: {
  sandbox: Sandbox;
  /** Null for who came back: it is shown once. */
  secret: string | null;
  /** The delivery that was taken, with a number that grows with each taking. */
  sent: { sent: Sent; nth: number } | null;
  /** Takes the latest delivery; undefined while there is none. */
  onFill: (() => void) | undefined;
  onSecret: (secret: string) => void;
  onVerified: () => void;
}) {
  const [given, setGiven] = useState<Given>(NOTHING);
  const [laterMs, setLaterMs] = useState(0);
  const nth = sent?.nth ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `nth` says that one was taken, the same perhaps
  useEffect(() => {
    if (!sent) return;
    setGiven(filled(sent.sent, secret));
    setLaterMs(0);
  }, [nth]);
  useEffect(() => {
    if (secret !== null)
      setGiven((before) => (before.secret === '' && before.body !== '' ? { ...before, secret } : before));
  }, [secret]);

  const verdict = useVerdict(given, laterMs, sent?.sent ?? null, secret);
  const valid = verdict?.valid === true;
  useEffect(() => {
    if (valid) onVerified();
  }, [valid, onVerified]);

  const edit = (change: Partial<Given>) => {
    setGiven((before) => ({ ...before, ...change }));
    setLaterMs(0);
  };
  const spoil = (how: (right: Given) => Partial<Given>, later = 0) => {
    if (!sent) return;
    const right = filled(sent.sent, secret);
    setGiven({ ...right, ...how(right) });
    setLaterMs(later);
  };

  return (
    <section className="try-card try-verify" id="try-verify" aria-labelledby="try-verify-title">
      <div className="try-card-head">
        <div>
          <Title order={2} id="try-verify-title">
            Verify a signature
          </Title>
          <Text c="dimmed">
            Paste any Standard Webhooks request, or take one of yours. Nothing leaves this page.
          </Text>
        </div>
        <Button onClick={onFill} disabled={!onFill} variant="light">
          Take the latest delivery
        </Button>
      </div>
      <div className="try-verify-in">
        <div className="try-verify-form">
          <Textarea
            label="Headers"
            rows={4}
            spellCheck={false}
            placeholder={'webhook-id: evt_…\nwebhook-timestamp: 1795298462\nwebhook-signature: v1,…'}
            value={given.headers}
            onChange={(event) => edit({ headers: event.currentTarget.value })}
          />
          <Textarea
            label="Body"
            description="The raw bytes, as they arrived"
            rows={7}
            spellCheck={false}
            placeholder='{"id":"evt_…","type":"purchase.succeeded",…}'
            value={given.body}
            onChange={(event) => edit({ body: event.currentTarget.value })}
          />
          <TextInput
            label="Secret"
            placeholder="whsec_…"
            spellCheck={false}
            autoComplete="off"
            value={given.secret}
            onChange={(event) => edit({ secret: event.currentTarget.value })}
          />
          {secret === null && <NewSecret sandbox={sandbox} onSecret={onSecret} />}
          {sent && secret !== null && (
            <div className="try-spoils" role="group" aria-label="Make it wrong">
              <span className="bw-none">Make it wrong:</span>
              {spoils.map(({ name, change, laterMs: later }) => (
                <Button key={name} variant="default" size="compact-xs" onClick={() => spoil(change, later)}>
                  {name}
                </Button>
              ))}
              <Button variant="subtle" size="compact-xs" onClick={() => spoil(() => ({}))}>
                Put it right
              </Button>
            </div>
          )}
        </div>
        <div className="try-verdict" role="region" aria-label="Step by step">
          {verdict === null ? <NoCrypto /> : <Steps verdict={verdict} given={given} laterMs={laterMs} />}
        </div>
      </div>
    </section>
  );
}

function filled(sent: Sent, secret: string | null): Given {
  const headers = Object.entries(sent.headers).filter(([name]) => SIGNED.test(name));
  return {
    headers: headers.map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: sent.body,
    secret: secret ?? '',
  };
}

function useVerdict(given: Given, laterMs: number, sent: Sent | null, secret: string | null): Verdict | null {
  const tick = Math.floor(useNow() / TICK_MS);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tick` is time passing
  useEffect(() => {
    // Only where the page came by https or from this machine.
    const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
    if (!subtle) return undefined;
    let over = false;
    const now = new Date(Date.now() + laterMs);
    void verify(given, { now, subtle, sent, secret }).then((found) => !over && setVerdict(found));
    return () => {
      over = true;
    };
  }, [given, laterMs, sent, secret, tick]);
  return verdict;
}

function NoCrypto() {
  if (globalThis.crypto?.subtle) return null;
  return (
    <>
      <Text fw={600}>This page cannot compute signatures</Text>
      <Text c="dimmed" mb="xs">
        Browsers allow it only on pages that came by https or from this machine. In a terminal:
      </Text>
      <CodeBlock code="bellwire verify signature --help" label="Command" />
    </>
  );
}

/** Who came back does not have the secret any more: it was shown once. */
function NewSecret({ sandbox, onSecret }: { sandbox: Sandbox; onSecret: (secret: string) => void }) {
  const api = useApi();
  const rotate = useWrite(
    () =>
      answer(
        api.http.POST('/v1/webhooks/{endpoint_id}/rotate-secret', {
          params: { path: { endpoint_id: sandbox.endpoint_id } },
          body: { overlap: '0s' },
        }),
      ),
    { topics: ['endpoints'], done: ({ secret }) => onSecret(secret) },
  );
  return (
    <div className="try-gone">
      The secret of this sandbox was shown to the page that opened it, and is kept nowhere.{' '}
      <Button variant="default" size="compact-xs" loading={rotate.isPending} onClick={() => rotate.mutate()}>
        Make a new one
      </Button>
    </div>
  );
}

function Steps({ verdict, given, laterMs }: { verdict: Verdict; given: Given; laterMs: number }) {
  const empty = given.headers === '' && given.body === '' && given.secret === '';
  const tone = verdict.valid ? 'ok' : empty ? 'off' : 'bad';
  return (
    <>
      <div className="try-verdict-head" data-tone={tone} role="status">
        <strong>{verdict.valid ? 'It is genuine' : empty ? 'Six steps' : 'It would be refused'}</strong>
        {!empty &&
          verdict.reasons.map(({ code, sentence, advice }) => (
            <p key={`${code} ${sentence}`} data-reason={code}>
              {sentence} {advice && <span>{advice}</span>}
            </p>
          ))}
        {empty && <p>What a handler does before it believes a webhook.</p>}
        {laterMs > 0 && <p>Looked at as if it arrived an hour from now.</p>}
      </div>
      <ol className="try-steps">
        {verdict.steps.map((step, index) => (
          <StepLine key={step.id} step={empty ? { ...step, ok: null } : step} number={index + 1} />
        ))}
      </ol>
    </>
  );
}

const SHOWN_CHARS_MAX = 400;

function StepLine({ step, number }: { step: Step; number: number }) {
  const Icon = step.ok === true ? Check : step.ok === false ? X : CircleDashed;
  const tone = step.ok === true ? 'ok' : step.ok === false ? 'bad' : 'off';
  const shown =
    step.shown && step.shown.length > SHOWN_CHARS_MAX
      ? `${step.shown.slice(0, SHOWN_CHARS_MAX)}…`
      : step.shown;
  return (
    <li data-tone={tone} data-step={step.id}>
      <Icon size={15} aria-label={step.ok === true ? 'right' : step.ok === false ? 'wrong' : 'open'} />
      <div>
        <div>
          <strong>
            {number}. {step.title}
          </strong>
        </div>
        <div className="bw-none">{step.detail}</div>
        {shown && <code className="try-shown">{shown}</code>}
      </div>
    </li>
  );
}
