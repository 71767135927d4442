/** What a control shows between the click and the server's answer. */
import { useState } from 'react';

/**
 * What was just chosen, and how to choose it: the value counts from the click on, in the same frame, until what was
 * `written` is settled either way. A second choice meanwhile takes the place of the first.
 */
export function useChosen<T>() {
  const [chosen, setChosen] = useState<{ value: T }>();
  const choose = (value: T, written: Promise<unknown>) => {
    const mine = { value };
    const over = () => setChosen((now) => (now === mine ? undefined : now));
    setChosen(mine);
    written.then(over, over);
  };
  return [chosen?.value, choose] as const;
}
