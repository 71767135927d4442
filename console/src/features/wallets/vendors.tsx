import { Text } from '@mantine/core';
import { useState } from 'react';
import { Money } from '@/ui/money';
import { percentOf, usdText } from '@/ui/nanos';
import type { Share } from './spend';

const SHOWN = 8;

/** Who was paid how much, as bars: the longest is the one that was paid most. */
export function VendorBars({ vendors }: { vendors: readonly Share[] }) {
  const [all, setAll] = useState(false);
  const most = vendors[0]?.spent ?? 0n;
  if (vendors.length === 0) {
    return <Text c="dimmed">Nobody was paid in this time.</Text>;
  }
  const shown = all ? vendors : vendors.slice(0, SHOWN);
  return (
    <figure className="bw-vendors">
      <figcaption>By vendor</figcaption>
      <ul aria-label="Spent by vendor">
        {shown.map(({ name, spent, count }) => (
          <li key={name ?? ''}>
            <span className="bw-vendor-name" title={name ?? undefined}>
              {name ?? 'no vendor'}
            </span>
            <span className="bw-none bw-num">{count.toLocaleString('en')}×</span>
            <Money usd={usdText(spent)} round />
            <span className="bw-vendor-bar" aria-hidden>
              <span style={{ width: `${Math.max(percentOf(spent, most) ?? 0, 0.5)}%` }} />
            </span>
          </li>
        ))}
      </ul>
      {vendors.length > SHOWN && (
        <button type="button" className="bw-plain" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'Fewer' : `${vendors.length - SHOWN} more`}
        </button>
      )}
    </figure>
  );
}
