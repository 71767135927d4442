/** One entry: who did what, what was before and after, and its place in the chain. */
import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Id } from '@/ui/copy';
import { Facts } from '@/ui/facts';
import { JsonView } from '@/ui/json-view';
import { Section } from '@/ui/page';
import { SidePanel } from '@/ui/side-panel';
import { Time } from '@/ui/time';
import { changesOf, type Entry, placeOf, viaOf } from './entry';

export function EntryPanel({ entry, onClose }: { entry: Entry | undefined; onClose: () => void }) {
  return (
    <SidePanel title={entry?.action ?? 'Entry'} label="The entry that is open" onClose={onClose}>
      {entry ? <EntryFacts entry={entry} /> : <Text c="dimmed">It is not on this page of the log.</Text>}
    </SidePanel>
  );
}

function EntryFacts({ entry }: { entry: Entry }) {
  const place = placeOf(entry.subject);
  const changes = changesOf(entry.detail);
  return (
    <>
      <Facts
        facts={[
          ['Number', entry.seq.toLocaleString('en')],
          ['When', <Time key="at" at={entry.at} as="exact" />],
          ['Who', <Actor key="who" actor={entry.actor} />],
          ['Via', viaOf(entry) ?? 'API'],
          [
            'To what',
            place ? (
              <Link key="subject" to={place.to as never} search={(place.search ?? {}) as never}>
                <code>{entry.subject}</code>
              </Link>
            ) : (
              <Id key="subject" id={entry.subject} />
            ),
          ],
          ['Namespace', entry.namespace ?? null],
          ['Request', entry.request_id ? <Id key="request" id={entry.request_id} /> : null],
        ]}
      />
      {changes && changes.length > 0 && (
        <Section title="What changed">
          <table className="bw-changes">
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
              </tr>
            </thead>
            <tbody>
              {changes.map(({ field, before, after }) => (
                <tr key={field}>
                  <th scope="row">
                    <code>{field}</code>
                  </th>
                  <td className="bw-none">{before}</td>
                  <td>{after}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
      <Section title="Detail">
        <JsonView value={entry.detail} label="Detail" />
      </Section>
      <Section title="In the chain">
        <Facts
          facts={[
            ['Hash', <Id key="hash" id={entry.hash} />],
            ['Before it', <Id key="prev" id={entry.prev_hash} />],
          ]}
        />
      </Section>
    </>
  );
}

function Actor({ actor }: { actor: string }) {
  const id = actor.startsWith('key:') ? actor.slice('key:'.length) : null;
  if (id === null) return <>{actor}</>;
  return (
    <Link to={'/keys' as never} search={{ open: id } as never}>
      <code>{actor}</code>
    </Link>
  );
}
