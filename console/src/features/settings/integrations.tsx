/** The systems that the server speaks to, each with a button that tries it. */
import { Button, Text, Tooltip } from '@mantine/core';
import { Fragment } from 'react';
import { answer } from '@/api/client';
import { useWrite } from '@/api/hooks';
import type { components } from '@/api/schema';
import { useApi } from '@/api/scope';
import { useMayChange, useSession } from '@/app/session';
import { ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { INTEGRATIONS } from './said';

type Integration = components['schemas']['IntegrationView'];

export function Integrations({ integrations }: { integrations: readonly Integration[] }) {
  return (
    <ul className="bw-integrations" aria-label="Integrations">
      {integrations.map((integration) => (
        <Row key={integration.name} integration={integration} />
      ))}
    </ul>
  );
}

function Row({ integration: { name, configured, detail } }: { integration: Integration }) {
  const { me } = useSession();
  const may = useMayChange();
  const api = useApi();
  const words = INTEGRATIONS[name];
  const title = words?.title ?? name;
  const test = useWrite(
    () => answer(api.http.POST('/v1/integrations/{name}/test', { params: { path: { name } } })),
    { topics: [], quiet: true },
  );
  const mayTest = configured && may('keys:manage') && !me.namespace;
  return (
    <li aria-label={title}>
      <div className="bw-integration-head">
        <div>
          <Text fw={600} component="span">
            {title}
          </Text>{' '}
          <span className="bw-none">{words?.about}</span>
        </div>
        <StatusBadge status={configured ? 'active' : 'off'} label={configured ? 'set up' : 'not set up'} />
      </div>
      {configured ? (
        <div className="bw-integration-head">
          <span className="bw-none">{detail}</span>
          {mayTest && (
            <Tooltip label={words?.trial}>
              <Button
                variant="default"
                size="compact-xs"
                loading={test.isPending}
                onClick={() => test.mutate()}
                aria-label={`Test ${title}`}
              >
                Test
              </Button>
            </Tooltip>
          )}
        </div>
      ) : (
        <Text c="dimmed">
          {words ? (
            <>
              Set{' '}
              {words.setUp.map((key, nth) => (
                <Fragment key={key}>
                  {nth > 0 && ', '}
                  <code>{key}</code>
                </Fragment>
              ))}{' '}
              in <code>bellwire.toml</code>, and start again.
            </>
          ) : (
            'It is not configured for this workspace.'
          )}
        </Text>
      )}
      <div role="status" className="bw-integration-result">
        {test.data && (
          <StatusBadge
            status={test.data.ok ? 'success' : 'failed'}
            label={`${test.data.ok ? 'It works' : 'It does not work'}: ${test.data.detail}`}
          />
        )}
      </div>
      {test.error && <ProblemAlert error={test.error} />}
    </li>
  );
}
