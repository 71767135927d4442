/** What there is to try, ticked off as it happens. */

import { Anchor } from '@mantine/core';
import { Check } from 'lucide-react';
import { useState } from 'react';
import type { Feed } from './feed';

export interface Task {
  id: string;
  title: string;
  hint: string;
  /** Where on the page. */
  at: string;
  done: boolean;
}

/** What is done stays done: a delivery that arrived at last does not tell that it failed before. */
export function useTasks({ happenings, deliveries }: Feed, verified: boolean): Task[] {
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const happened = (type: string) => happenings.some(({ event }) => event.type === type);
  const failing = deliveries.some(
    ({ status, attempts, last_error, status_code }) =>
      (status !== 'success' && (attempts > 0 || Boolean(last_error))) ||
      (status === 'success' && (attempts > 1 || (status_code ?? 200) >= 300)),
  );
  const failed = failing || done.has('break');
  const again = deliveries.some(
    ({ status, replay, attempts }) => status === 'success' && (replay || attempts > 1),
  );
  const tasks: Task[] = [
    {
      id: 'buy',
      title: 'Buy something',
      hint: 'its webhook arrives',
      at: 'try-agent',
      done: deliveries.some(({ event, status }) => event === 'purchase.succeeded' && status === 'success'),
    },
    {
      id: 'verify',
      title: 'Verify it',
      hint: 'the signature, step by step',
      at: 'try-verify',
      done: verified,
    },
    {
      id: 'exhaust',
      title: 'Run out of money',
      hint: 'with the runaway loop',
      at: 'try-agent',
      done: happened('budget.exhausted'),
    },
    { id: 'break', title: 'Break the handler', hint: 'retries count down', at: 'try-handler', done: failed },
    { id: 'mend', title: 'Put it right', hint: 'and replay', at: 'try-handler', done: failed && again },
  ].map((task) => ({ ...task, done: task.done || done.has(task.id) }));
  const news = tasks.filter((task) => task.done && !done.has(task.id)).map(({ id }) => id);
  if (news.length > 0) setDone(new Set([...done, ...news]));
  return tasks;
}

export function Tasks({ tasks }: { tasks: readonly Task[] }) {
  const next = tasks.find(({ done }) => !done)?.id;
  return (
    <ol className="try-tasks" aria-label="Five things to try">
      {tasks.map(({ id, title, hint, at, done }, index) => (
        <li key={id} data-done={done || undefined} data-next={id === next || undefined}>
          <span className="try-task-mark">
            {done ? <Check size={12} strokeWidth={3} aria-label="done" /> : index + 1}
          </span>
          <span className="try-task-text">
            <Anchor component="button" type="button" onClick={() => goTo(at)}>
              {title}
            </Anchor>
            <span>{hint}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Scrolls to a part of the page and puts the focus there. */
export function goTo(id: string): void {
  const part = document.getElementById(id);
  if (!part) return;
  part.setAttribute('tabindex', '-1');
  part.scrollIntoView({ block: 'start' });
  part.focus({ preventScroll: true });
}
