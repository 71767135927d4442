/** What a wallet is spent by: its policy, its limits, and who is told when. */
import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useGet } from '@/api/hooks';
import { useMay } from '@/app/session';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Money } from '@/ui/money';
import { Section } from '@/ui/page';
import { Time } from '@/ui/time';
import { periodText } from './period';
import type { Wallet } from './tree';

const BREACHES: Record<string, string> = {
  notify: 'told only',
  freeze: 'freezes the wallet',
  deny: 'is refused',
};

export function TermsSection({ wallet }: { wallet: Wallet }) {
  const { limits } = wallet;
  return (
    <div className="bw-terms">
      <Section title="Wallet">
        <Facts
          facts={[
            ['Id', <Id key="id" id={wallet.id} />],
            ['Namespace', wallet.namespace ?? <None key="namespace" />],
            ['Agent', wallet.agent_id ?? <None key="agent" />],
            ['Period', wallet.resets_at ? `${periodText(wallet.window)}, ${wallet.tz}` : 'prepaid'],
            [
              'Policy',
              wallet.policy_id ? <PolicyLink key="policy" id={wallet.policy_id} /> : <None key="p" />,
            ],
            [
              'Thresholds',
              wallet.thresholds.length > 0 ? (
                wallet.thresholds.map((each) => `${each}%`).join(', ')
              ) : (
                <None key="t" />
              ),
            ],
            ['Money', wallet.sandbox && 'play money'],
            ['Made', <Time key="made" at={wallet.created_at} as="second" />],
            ['Changed', <Time key="changed" at={wallet.updated_at} as="second" />],
          ]}
        />
      </Section>
      <Section title="Limits">
        <Facts
          facts={[
            ['One purchase', <UpTo key="one" usd={limits.max_transaction_usd} />],
            ['A minute', <UpTo key="minute" usd={limits.max_per_minute_usd} />],
            [
              'Purchases',
              limits.max_count_per_minute ? (
                `at most ${limits.max_count_per_minute.toLocaleString('en')} a minute`
              ) : (
                <None key="count" text="as many as there are" />
              ),
            ],
            [
              'Loop',
              limits.repeat ? (
                `${limits.repeat.same_vendor_and_amount} equal purchases within ${limits.repeat.within}`
              ) : (
                <None key="loop" text="not looked for" />
              ),
            ],
            [
              'Spike',
              limits.spike ? (
                <span key="spike">
                  a minute of {limits.spike.ratio} times the usual, over{' '}
                  <Money usd={limits.spike.floor_usd} />
                </span>
              ) : (
                <None key="spike" text="not looked for" />
              ),
            ],
            [
              'What is above',
              limits.on_breach
                ? (BREACHES[limits.on_breach] ?? limits.on_breach)
                : 'maxima refuse; loops and spikes are told',
            ],
          ]}
        />
      </Section>
    </div>
  );
}

function None({ text = '–' }: { text?: string }) {
  return (
    <Text span c="dimmed">
      {text}
    </Text>
  );
}

function UpTo({ usd }: { usd: string | null | undefined }) {
  if (!usd) return <None text="as much as the budget has" />;
  return (
    <>
      at most <Money usd={usd} />
    </>
  );
}

/** By its name, for those who may see it. */
function PolicyLink({ id }: { id: string }) {
  const may = useMay();
  const policy = useGet('/v1/policies/{policy_id}', {
    topics: ['policies'],
    params: { path: { policy_id: id } },
    enabled: may('policies:manage') || may('approvals:decide'),
  });
  if (!policy.data) return <code>{id}</code>;
  return (
    <Link to={'/policies/$policyId' as never} params={{ policyId: id } as never}>
      {policy.data.name}
    </Link>
  );
}
