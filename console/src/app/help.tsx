/** What the keys do. */
import { Kbd, Modal } from '@mantine/core';
import { Fragment } from 'react';
import type { MenuEntry } from './feature';

const EVERYWHERE: [string[], string][] = [
  [['/'], 'Filter'],
  [['j', 'k'], 'Next and previous row'],
  [['Enter'], 'Open the row'],
  [['Esc'], 'Close what is open'],
  [['?'], 'This list'],
];

export default function Help({ menu, onClose }: { menu: readonly MenuEntry[]; onClose: () => void }) {
  const pages = menu
    .filter((entry) => entry.key)
    .map((entry): [string[], string] => [['g', entry.key ?? ''], entry.label]);
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size="md">
      <dl className="bw-keys">
        {[...EVERYWHERE, ...pages].map(([keys, what]) => (
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
    </Modal>
  );
}
