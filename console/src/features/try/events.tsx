/** The effects: every event as it happens, and what its webhook met. */
import { Text, Title, UnstyledButton } from '@mantine/core';
import { ProblemAlert } from '@/ui/problem-alert';
import { Time } from '@/ui/time';
import { type Feed, inWords } from './feed';
import { Outcome } from './outcome';

const LOUD: Record<string, string> = {
  'budget.exhausted': 'bad',
  'wallet.frozen': 'bad',
  'spend.spike': 'warn',
  'budget.threshold': 'warn',
};

export function Events({
  feed,
  chosen,
  onChoose,
}: {
  feed: Feed;
  chosen: string | null;
  onChoose: (id: string) => void;
}) {
  const { happenings } = feed;
  return (
    <section className="try-card try-events" aria-labelledby="try-events">
      <div className="try-card-head">
        <Title order={2} id="try-events">
          What happens
        </Title>
        <span className="bw-none bw-num">{happenings.length} events</span>
      </div>
      <ProblemAlert error={happenings.length === 0 ? feed.error : null} />
      {happenings.length === 0 && !feed.error && (
        <Text c="dimmed">Nothing yet. Buy something, and it appears here at once.</Text>
      )}
      <ol className="try-list" aria-label="Events, newest first">
        {happenings.map(({ event, delivery }) => (
          <li key={event.id}>
            <UnstyledButton
              className="try-row"
              data-chosen={chosen === event.id || undefined}
              data-tone={LOUD[event.type]}
              aria-pressed={chosen === event.id}
              onClick={() => onChoose(event.id)}
            >
              <span className="try-row-what">
                <code>{event.type}</code>
                <span className="try-row-gist">{inWords(event)}</span>
              </span>
              <span className="try-row-how">
                <Outcome delivery={delivery} />
                <span className="bw-none">
                  <Time at={event.timestamp} />
                </span>
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </section>
  );
}
