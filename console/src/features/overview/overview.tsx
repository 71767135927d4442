/** How things stand, in one look; and how to begin, on a server where nothing happened yet. */
import { Skeleton, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useGet } from '@/api/hooks';
import { useFields } from '@/app/search';
import { useMay, useSession } from '@/app/session';
import { Page } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { Board } from './board';
import { isBlank, isQuiet } from './figures';
import { overviewSearch } from './search';
import './overview.css';

// Not part of the first view: it is there before them.
const NamespaceFilter = lazy(() => import('./namespace-filter'));
const Guide = lazy(() => import('./guide'));

/** Rates and minutes go on when nothing happens, and then nothing tells of it. */
const EVERY_MS = 10_000;

export default function OverviewPage() {
  const [{ namespace }, set] = useFields(overviewSearch);
  const { me } = useSession();
  const may = useMay();
  const overview = useGet('/v1/overview', {
    topics: ['deliveries', 'endpoints', 'approvals', 'wallets', 'events'],
    params: { query: { namespace } },
    everyMs: EVERY_MS,
  });
  const { data, error } = overview;
  // Nothing now: was there ever a delivery?
  const perhapsFresh = data !== undefined && isQuiet(data) && may('webhooks:manage') && !namespace;
  const first = useGet('/v1/deliveries', {
    topics: ['deliveries'],
    params: { query: { limit: 1 } },
    enabled: perhapsFresh,
  });
  const fresh = perhapsFresh && first.data?.deliveries.length === 0;
  const waiting = data === undefined || (perhapsFresh && first.isLoading);

  return (
    <Page
      title="Overview"
      about={me.namespace && `Of the namespace ${me.namespace}.`}
      actions={
        !me.namespace &&
        !fresh && (
          <Suspense fallback={<Skeleton w={190} h={30} />}>
            <NamespaceFilter namespace={namespace} onChange={(value) => set({ namespace: value })} />
          </Suspense>
        )
      }
    >
      {error && <ProblemAlert error={error} retry={() => void overview.refetch()} />}
      {waiting ? (
        !error && <Waiting />
      ) : fresh ? (
        <Suspense fallback={<Waiting />}>
          <Guide />
        </Suspense>
      ) : isBlank(data) ? (
        <Text c="dimmed">
          This key sees no figures: they take <code>webhooks:manage</code>, <code>events:read</code>, or a
          permission about wallets or approvals.
        </Text>
      ) : (
        <Board overview={data} />
      )}
    </Page>
  );
}

function Waiting() {
  return (
    <div aria-busy="true">
      <Skeleton h={66} mb="lg" />
      <Skeleton h={200} mb="lg" />
      <Skeleton h={160} />
    </div>
  );
}
