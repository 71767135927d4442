/** The playground with a sandbox open: causes on the left, effects on the right. */
import { Button, Text, Title } from '@mantine/core';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { answer } from '@/api/client';
import { useApi } from '@/api/scope';
import { LiveIndicator } from '@/app/header';
import { Confirm } from '@/ui/confirm';
import { Countdown } from '@/ui/time';
import { AgentCard } from './agent';
import { Events } from './events';
import { useFeed } from './feed';
import { Frame } from './frame';
import { HandlerCard } from './handler';
import { Inspect } from './inspect';
import { Next } from './next';
import type { Sandbox } from './sandbox';
import { Signature } from './signature';
import { useAgent } from './spending';
import { goTo, Tasks, useTasks } from './tasks';
import type { Sent } from './verify';

export interface StageProps {
  sandbox: Sandbox;
  secret: string | null;
  onSecret: (secret: string) => void;
  onLeave: () => void;
  /** The sandbox is over: its key is not known any more. */
  onGone: () => void;
}

export function Stage({ sandbox, secret, onSecret, onLeave, onGone }: StageProps) {
  const gone = useRef(onGone);
  gone.current = onGone;
  const over = useCallback(() => gone.current(), []);
  const api = useApi();
  const agent = useAgent(sandbox, over);
  const feed = useFeed(sandbox.endpoint_id);
  const [chosen, setChosen] = useState<string | null>(null);
  const [verified, setVerified] = useState(false);
  const [taken, setTaken] = useState<{ sent: Sent; nth: number } | null>(null);
  const [leaving, setLeaving] = useState(false);
  const tasks = useTasks(feed, verified);

  useEffect(() => {
    if (feed.error?.status === 401) over();
  }, [feed.error, over]);

  // What was just bought is what one wants to see; whoever chose something else meanwhile keeps it.
  const bought = agent.run === null ? agent.latest?.answer.transaction_id : undefined;
  const own = useMemo(
    () => feed.happenings.find(({ event }) => bought !== undefined && idOf(event.data) === bought)?.event.id,
    [feed.happenings, bought],
  );
  useEffect(() => {
    if (own !== undefined) setChosen(own);
  }, [own]);
  // After a loop, it is what the loop led to.
  const ended = agent.run !== null && !agent.run.running;
  const outcome = useMemo(
    () => (ended ? feed.happenings.find(({ event }) => OUTCOMES.includes(event.type))?.event.id : undefined),
    [feed.happenings, ended],
  );
  useEffect(() => {
    if (outcome !== undefined) setChosen(outcome);
  }, [outcome]);
  const happening = feed.happenings.find(({ event }) => event.id === chosen) ?? null;

  const take = useCallback((sent: Sent) => {
    setTaken((before) => ({ sent, nth: (before?.nth ?? 0) + 1 }));
  }, []);
  const latest = feed.deliveries.find(({ attempts }) => attempts > 0);
  const fill = async (id: string) => {
    const params = { path: { delivery_id: id } };
    const { request } = await answer(api.http.GET('/v1/deliveries/{delivery_id}', { params }));
    if (request) take({ headers: request.headers, body: request.body });
  };

  return (
    <Frame
      aside={
        <>
          <LiveIndicator />
          <Button variant="default" onClick={() => setLeaving(true)}>
            New sandbox
          </Button>
        </>
      }
    >
      <main className="try-main">
        <div className="try-head">
          <div>
            <Title order={1}>Your sandbox</Title>
            <Text c="dimmed">
              Play money, real webhooks. It is yours for <Countdown until={sandbox.expires_at} />, then it
              goes.
            </Text>
          </div>
        </div>
        <Tasks tasks={tasks} />
        <div className="try-stage">
          <AgentCard sandbox={sandbox} agent={agent} />
          <Events feed={feed} chosen={chosen} onChoose={setChosen} />
          <Inspect
            happening={happening}
            onVerify={(sent) => {
              take(sent);
              goTo('try-verify');
            }}
          />
          <HandlerCard sandbox={sandbox} deliveries={feed.deliveries} />
        </div>
        <Signature
          sandbox={sandbox}
          secret={secret}
          sent={taken}
          onFill={latest && (() => void fill(latest.id))}
          onSecret={onSecret}
          onVerified={useCallback(() => setVerified(true), [])}
        />
        <Next sandbox={sandbox} />
      </main>
      {leaving && (
        <Confirm
          title="Leave this sandbox?"
          action="Leave it"
          onClose={() => setLeaving(false)}
          onConfirm={async () => onLeave()}
        >
          Its key is forgotten here, and nobody else has it. What is in it goes when its day is over.
        </Confirm>
      )}
    </Frame>
  );
}

/** What a runaway loop ends in. */
const OUTCOMES = ['budget.exhausted', 'wallet.frozen', 'spend.spike'];

function idOf(data: unknown): unknown {
  return (data as { transaction_id?: unknown }).transaction_id;
}
