/** The agent of the sandbox: what it buys, and what it is told. */
import { useCallback, useRef, useState } from 'react';
import { parseExact } from '@/api/exact';
import { useLive } from '@/api/scope';
import type { Sandbox } from './sandbox';

export interface Wish {
  vendor: string;
  amount_usd: string;
  description: string;
  category: string;
}

/** What agents buy, with what it costs. */
export const WISHES: readonly Wish[] = [
  {
    vendor: 'openai',
    amount_usd: '0.18',
    description: 'Draft replies to 12 support tickets',
    category: 'inference',
  },
  {
    vendor: 'serpapi',
    amount_usd: '0.05',
    description: 'Search: flights Oslo to Lisbon, 4 May',
    category: 'search',
  },
  { vendor: 'anthropic', amount_usd: '0.42', description: 'Read a 60-page contract', category: 'inference' },
  { vendor: 'browserbase', amount_usd: '0.12', description: 'Browser session, 6 minutes', category: 'tools' },
  { vendor: 'deepl', amount_usd: '0.09', description: 'Translate 3 pages to Norwegian', category: 'tools' },
  { vendor: 'elevenlabs', amount_usd: '0.30', description: 'Voice a 40-second reminder', category: 'media' },
];

/** The same thing again and again, as an agent does that does not notice its own success. */
export const LOOP: Wish = {
  vendor: 'openai',
  amount_usd: '0.15',
  description: 'Classify invoice 4711, once more',
  category: 'inference',
};
export const LOOP_COUNT = 50;
/** Browsers have six connections to a host, and two of them are streams. */
const LOOP_AT_ONCE = 3;

/** A request of the agent and its answer, as they went over the wire. */
export interface Exchange {
  wish: Wish;
  path: string;
  status: number;
  /** Those that an agent decides by. */
  headers: [string, string][];
  answer: Record<string, unknown>;
}

export interface Run {
  asked: number;
  bought: number;
  /** Refusals by their status. */
  refused: Record<number, number>;
  running: boolean;
}

const TOLD = ['bellwire-budget-remaining-usd', 'bellwire-budget-resets-at', 'retry-after', 'x-should-retry'];

/** One purchase. Whatever is answered is an answer: nothing is thrown but by a server that is not there. */
async function buy(sandbox: Sandbox, wish: Wish): Promise<Exchange> {
  const path = `/v1/wallets/${sandbox.wallet_id}/purchases`;
  const response = await fetch(path, {
    method: 'POST',
    credentials: 'omit',
    headers: {
      Authorization: `Bearer ${sandbox.api_key}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': crypto.getRandomValues(new Uint32Array(4)).join('-'),
    },
    body: JSON.stringify(wish),
  });
  const headers = TOLD.flatMap((name): [string, string][] => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const answer = parseExact<Record<string, unknown>>(await response.text());
  return { wish, path, status: response.status, headers, answer };
}

export interface Agent {
  latest: Exchange | null;
  run: Run | null;
  /** The server did not answer at all. */
  silent: boolean;
  buyOne: () => void;
  loop: () => void;
  stop: () => void;
}

export function useAgent(sandbox: Sandbox, onGone: () => void): Agent {
  const live = useLive();
  const [latest, setLatest] = useState<Exchange | null>(null);
  const [run, setRun] = useState<Run | null>(null);
  const [silent, setSilent] = useState(false);
  const next = useRef(0);
  const stopped = useRef(false);
  const looping = useRef(false);

  const ask = useCallback(
    async (wish: Wish): Promise<Exchange | null> => {
      try {
        const exchange = await buy(sandbox, wish);
        setSilent(false);
        if (exchange.status === 401) onGone();
        setLatest(exchange);
        return exchange;
      } catch {
        setSilent(true);
        return null;
      }
    },
    [sandbox, onGone],
  );

  const buyOne = useCallback(async () => {
    const wish = WISHES[next.current % WISHES.length];
    if (!wish || looping.current) return;
    next.current += 1;
    setRun(null);
    await ask(wish);
    live.changed(['wallets']);
  }, [ask, live]);

  const loop = useCallback(async () => {
    if (looping.current) return;
    looping.current = true;
    stopped.current = false;
    let at: Run = { asked: 0, bought: 0, refused: {}, running: true };
    setRun(at);
    let begun = 0;
    const worker = async () => {
      while (begun < LOOP_COUNT && !stopped.current) {
        begun += 1;
        const exchange = await ask(LOOP);
        if (exchange === null) return;
        const { status } = exchange;
        const refused = status < 300 ? {} : { [status]: (at.refused[status] ?? 0) + 1 };
        at = {
          asked: at.asked + 1,
          bought: at.bought + (status < 300 ? 1 : 0),
          refused: { ...at.refused, ...refused },
          running: true,
        };
        setRun(at);
        if (at.asked % 10 === 0) live.changed(['wallets']);
      }
    };
    await Promise.all(Array.from({ length: LOOP_AT_ONCE }, worker));
    looping.current = false;
    setRun({ ...at, running: false });
    live.changed(['wallets', 'deliveries']);
  }, [ask, live]);

  return {
    latest,
    run,
    silent,
    buyOne: () => void buyOne(),
    loop: () => void loop(),
    stop: () => {
      stopped.current = true;
    },
  };
}
