/** How this server is set up, whom it speaks to, whose namespaces it has, and as whom one looks at it. */
import { Skeleton } from '@mantine/core';
import { useGet } from '@/api/hooks';
import { CopyButton } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { Page, Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { Integrations } from './integrations';
import { Namespaces } from './namespaces';
import { retentionText, storageText } from './said';
import { SessionSection } from './session';
import './settings.css';

export default function Settings() {
  const settings = useGet('/v1/settings', { topics: [] });
  const { data } = settings;
  return (
    <Page title="Settings">
      {settings.error && !data && (
        <ProblemAlert error={settings.error} retry={() => void settings.refetch()} />
      )}
      <div className="bw-settings">
        <div>
          <Section title="Server">
            {data ? (
              <Facts
                facts={[
                  ['Version', <code key="version">{data.version}</code>],
                  [
                    'Public URL',
                    <span key="url" className="bw-id">
                      <code>{data.public_url}</code>
                      <CopyButton text={data.public_url} what="the public URL" />
                    </span>,
                  ],
                  ['Storage', storageText(data.storage, data.nodes)],
                  [
                    'Kept for',
                    <span key="kept">
                      {retentionText(data.retention_s)}{' '}
                      <span className="bw-none">(events, deliveries, attempts)</span>
                    </span>,
                  ],
                  [
                    'Outwards',
                    data.dev
                      ? 'also to loopback and plain http, for development (--dev)'
                      : 'to public https only, but for what is allowed by name',
                  ],
                  [
                    'API',
                    <a key="docs" href="/docs">
                      reference, at /docs
                    </a>,
                  ],
                  [
                    'Playground',
                    data.playground ? (
                      <a key="try" href="/try">
                        on, at /try
                      </a>
                    ) : (
                      'off'
                    ),
                  ],
                ]}
              />
            ) : (
              !settings.error && <Skeleton h={130} />
            )}
          </Section>
          <Section title="Integrations">
            {data ? (
              <Integrations integrations={data.integrations} />
            ) : (
              !settings.error && <Skeleton h={100} />
            )}
          </Section>
        </div>
        <div>
          <SessionSection />
          <Namespaces />
        </div>
      </div>
    </Page>
  );
}
