/** How a wallet stands: what can be spent, what is spent and held, and until when that counts. */
import { BudgetBar } from '@/ui/bars';
import { Stat, Stats } from '@/ui/facts';
import { Money } from '@/ui/money';
import { formatUsd, parseUsd, percentOf } from '@/ui/nanos';
import { Countdown, Time } from '@/ui/time';
import { useBalance } from './load';
import { periodText } from './period';
import type { Wallet } from './tree';

export function Standing({
  wallet,
  parents,
  frozen,
}: {
  wallet: Wallet;
  parents: readonly Wallet[];
  /** It, or a wallet above it. */
  frozen: boolean;
}) {
  const balance = useBalance(wallet.id);
  const limiting =
    balance.data && balance.data.limited_by !== wallet.id
      ? (parents.find(({ id }) => id === balance.data.limited_by)?.name ?? 'a wallet above')
      : null;
  const spendable = balance.data?.spendable_usd ?? wallet.available_usd;
  const budget = parseUsd(wallet.budget_usd) ?? 0n;
  const percent = percentOf(parseUsd(wallet.spent_usd) ?? 0n, budget);
  const nothing = (parseUsd(spendable) ?? 0n) === 0n;
  return (
    <>
      <Stats>
        <Stat
          label="Can be spent"
          value={<Money usd={spendable} round />}
          tone={nothing ? 'bad' : frozen ? 'warn' : undefined}
          hint={
            frozen ? (
              'but for the freeze'
            ) : limiting ? (
              <>
                limited by {limiting}; <Money usd={wallet.available_usd} round /> of its own
              </>
            ) : wallet.denied_count > 0 ? (
              `${wallet.denied_count.toLocaleString('en')} refused for lack of budget`
            ) : (
              'left of the budget'
            )
          }
        />
        <Stat
          label="Spent"
          value={<Money usd={wallet.spent_usd} round />}
          hint={percent === null ? undefined : `${percent}% of the budget`}
        />
        <Stat label="Held" value={<Money usd={wallet.held_usd} round />} hint="set aside" />
        <Stat
          label="Budget"
          value={<Money usd={wallet.budget_usd} round />}
          hint={periodText(wallet.window)}
        />
        <Stat
          label="Starts anew"
          value={wallet.resets_at ? <Countdown until={wallet.resets_at} over="now" /> : 'never'}
          hint={wallet.resets_at ? <Time at={wallet.resets_at} as="second" /> : 'spent for good'}
        />
      </Stats>
      <div className="bw-standing">
        <BudgetBar
          spent={wallet.spent_usd}
          held={wallet.held_usd}
          limit={wallet.budget_usd}
          label={`Budget of ${wallet.name}`}
        />
        <Thresholds wallet={wallet} budget={budget} />
      </div>
    </>
  );
}

/** Where along the bar somebody is told. */
function Thresholds({ wallet, budget }: { wallet: Wallet; budget: bigint }) {
  const passed = percentOf(parseUsd(wallet.spent_usd) ?? 0n, budget) ?? 0;
  return (
    <ol className="bw-thresholds" aria-label="Thresholds">
      {wallet.thresholds.map((percent) => (
        <li
          key={percent}
          style={{ insetInlineStart: `${percent}%` }}
          data-passed={passed >= percent || undefined}
          title={`Told at ${formatUsd((budget * BigInt(percent)) / 100n)}`}
        >
          {percent}%
        </li>
      ))}
    </ol>
  );
}
