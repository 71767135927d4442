/** What the keys do. */
import { Kbd } from '@mantine/core';
import { Fragment } from 'react';
import { Dialog } from '@/ui/dialog';
import type { MenuEntry } from './feature';

type Line = readonly [readonly string[], string];

const EVERYWHERE: Line[] = [
  [['/'], 'Filter'],
  [['j', 'k'], 'Next and previous row'],
  [['Enter'], 'Open the row'],
  [['Esc'], 'Close what is open'],
  [['?'], 'This list'],
];

export default function Help({ menu, onClose }: { menu: readonly MenuEntry[]; onClose: () => void }) {
  const pages = menu.filter((entry) => entry.key).map((entry): Line => [['g', entry.key ?? ''], entry.label]);
  const ofPages = menu.flatMap(({ label, pageKeys = [] }) =>
    pageKeys.map(([keys, what]): Line => [keys, `${label}: ${what}`]),
  );
  return (
    <Dialog onClose={onClose} title="Keyboard shortcuts" size="md">
      <dl className="bw-keys">
        {[...EVERYWHERE, ...ofPages, ...pages].map(([keys, what]) => (
          <Fragment key={what}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
