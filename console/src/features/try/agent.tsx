/** The cause: an agent with a wallet. */
import { Button, Switch, Text, Title } from '@mantine/core';
import { Plus, Repeat2, ShoppingCart, Snowflake } from 'lucide-react';
import { answer } from '@/api/client';
import { useGet, useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { BudgetBar } from '@/ui/bars';
import { Money } from '@/ui/money';
import { parseUsd, usdText } from '@/ui/nanos';
import { ProblemAlert } from '@/ui/problem-alert';
import { Answered } from './answered';
import { useChosen } from './chosen';
import type { Sandbox } from './sandbox';
import { type Agent, LOOP_COUNT } from './spending';

type Wallet = components['schemas']['Wallet'];
type Change = components['schemas']['WalletChange'];

/** What raising adds: what there was in the beginning. */
const RAISE = 5_000_000_000n;

export function AgentCard({ sandbox, agent }: { sandbox: Sandbox; agent: Agent }) {
  const api = useApi();
  const path = { wallet_id: sandbox.wallet_id };
  const wallet = useGet('/v1/wallets/{wallet_id}', { topics: ['wallets'], params: { path } });
  const change = useWrite(
    (body: Change) => answer(api.http.PATCH('/v1/wallets/{wallet_id}', { params: { path }, body })),
    { topics: ['wallets'], quiet: true },
  );
  // What is newest: the answer to a change, or the wallet asked anew.
  const asked = wallet.data;
  const it = change.data && change.data.updated_at > (asked?.updated_at ?? '') ? change.data : asked;
  const frozen = it?.status === 'frozen';
  const [chosen, choose] = useChosen<boolean>();
  const freezes = chosen ?? it?.limits?.on_breach === 'freeze';
  const freezeOnLoop = (freezes: boolean) => {
    const limits = freezes ? ({ on_breach: 'freeze' } as const) : null;
    choose(freezes, change.mutateAsync({ reason: 'Tried in the playground', limits }));
  };
  const raise = () => {
    if (!it) return;
    const budget = usdText((parseUsd(it.budget_usd) ?? 0n) + RAISE);
    change.mutate({ reason: 'Raised in the playground', budget_usd: budget });
  };
  const unfreeze = () => change.mutate({ reason: 'Looked at: the loop is over', status: 'active' });

  return (
    <section className="try-card try-agent" id="try-agent" aria-labelledby="try-agent-title">
      <div className="try-card-head">
        <Title order={2} id="try-agent-title">
          An agent with a wallet
        </Title>
        {frozen && (
          <span className="bw-status" data-tone="warn">
            <Snowflake size={13} aria-hidden /> frozen
          </span>
        )}
      </div>
      <ProblemAlert error={it ? null : wallet.error} retry={() => void wallet.refetch()} />
      <Purse wallet={it} onRaise={raise} raising={change.isPending} />
      <div className="try-buttons">
        <Button
          size="md"
          leftSection={<ShoppingCart size={16} />}
          data-disabled={agent.run?.running || undefined}
          onClick={agent.buyOne}
        >
          Buy
        </Button>
        {agent.run?.running ? (
          <Button size="md" variant="default" onClick={agent.stop}>
            Stop the loop
          </Button>
        ) : (
          <Button size="md" variant="default" leftSection={<Repeat2 size={16} />} onClick={agent.loop}>
            Runaway loop
          </Button>
        )}
      </div>
      <Text size="xs" c="dimmed" mt={6}>
        <em>Buy</em> makes one purchase. <em>Runaway loop</em> makes {LOOP_COUNT} equal ones, as fast as it
        can.
      </Text>
      <Switch
        mt="sm"
        label="Freeze the wallet when it loops"
        description="20 equal purchases within a minute are a loop. Otherwise it is told, and goes on."
        checked={freezes}
        disabled={!it}
        onChange={(event) => freezeOnLoop(event.currentTarget.checked)}
      />
      <ProblemAlert error={change.error} />
      {agent.silent && (
        <p className="try-gone" role="alert">
          The server did not answer. Nothing was bought twice: try again when it is back.
        </p>
      )}
      <Answered agent={agent} frozen={frozen} onRaise={raise} onUnfreeze={unfreeze} busy={change.isPending} />
    </section>
  );
}

function Purse({
  wallet,
  onRaise,
  raising,
}: {
  wallet: Wallet | undefined;
  onRaise: () => void;
  raising: boolean;
}) {
  if (!wallet) return <div className="try-purse" aria-busy />;
  return (
    <div className="try-purse" role="group" aria-label="The wallet">
      <div className="try-purse-line">
        <span className="try-purse-left" data-testid="left">
          <Money usd={wallet.available_usd} />
        </span>
        <span className="bw-none">
          left of <Money usd={wallet.budget_usd} />
        </span>
        <Button
          className="try-purse-raise"
          variant="subtle"
          leftSection={<Plus size={13} />}
          onClick={onRaise}
          disabled={raising}
        >
          Raise by $5.00
        </Button>
      </div>
      <BudgetBar spent={wallet.spent_usd} held={wallet.held_usd} limit={wallet.budget_usd} label="Spent" />
    </div>
  );
}
