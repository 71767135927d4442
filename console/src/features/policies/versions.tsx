import { Button, Group, Skeleton, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { ListResult } from '@/api/hooks';
import { JsonView } from '@/ui/json-view';
import { Section } from '@/ui/page';
import { ProblemAlert } from '@/ui/problem-alert';
import { Time } from '@/ui/time';
import { Changes } from './rules';
import { type Policy, who } from './words';

export interface VersionsProps {
  list: ListResult<'/v1/policies/{policy_id}/versions', Policy>;
  current: number;
  shown: number;
  manages: boolean;
  onShow: (version: number) => void;
}

/** Every version, newest first, each with what it changed. */
export function Versions({ list, current, shown, manages, onShow }: VersionsProps) {
  const { rows, pager } = list;
  return (
    <Section title="Versions">
      <ProblemAlert error={rows.length === 0 ? list.error : null} retry={list.refetch} />
      {list.loading && <Skeleton h={120} />}
      <ol className="bw-versions" aria-label="Versions">
        {rows.map((one, index) => (
          <Version
            key={one.version}
            one={one}
            before={rows[index + 1]}
            inForce={one.version === current}
            isShown={one.version === shown}
            manages={manages}
            onShow={onShow}
          />
        ))}
      </ol>
      {(!pager.first || pager.hasOlder) && (
        <Group gap={6} mt={8}>
          {!pager.first && (
            <Button variant="subtle" color="gray" onClick={pager.newest}>
              Newest
            </Button>
          )}
          <Button variant="subtle" color="gray" disabled={!pager.hasOlder} onClick={pager.older}>
            Older
          </Button>
        </Group>
      )}
    </Section>
  );
}

function Version({
  one,
  before,
  inForce,
  isShown,
  manages,
  onShow,
}: {
  one: Policy;
  before: Policy | undefined;
  inForce: boolean;
  isShown: boolean;
  manages: boolean;
  onShow: (version: number) => void;
}) {
  const [json, setJson] = useState(false);
  return (
    <li aria-label={`Version ${one.version}`}>
      <div className="bw-version-head">
        <Text fw={600}>Version {one.version}</Text>
        {inForce && <span className="bw-none">in force</span>}
        <span className="bw-none">
          <Time at={one.updated_at} /> by {who(one.updated_by)}
        </span>
        <Group gap={2}>
          {!isShown && (
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onShow(one.version)}>
              Show
            </Button>
          )}
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            aria-expanded={json}
            onClick={() => setJson(!json)}
          >
            JSON
          </Button>
          {manages && !inForce && (
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              component={Link}
              to={'/policies/$policyId/edit' as never}
              params={{ policyId: one.policy_id } as never}
              search={{ from: String(one.version) } as never}
            >
              Edit from here
            </Button>
          )}
        </Group>
      </div>
      {before ? (
        <Changes before={before} after={one} />
      ) : one.version === 1 ? (
        <Changes before={NOTHING} after={{ ...one, name: '', default: '' }} />
      ) : (
        <Text c="dimmed">What it changed is told beside older versions.</Text>
      )}
      {json && <JsonView value={one.rules} label={`Rules of version ${one.version}`} depth={4} />}
    </li>
  );
}

const NOTHING = { name: '', rules: [], default: '', agents: [], namespaces: [] };
