/** JSON that can be folded. Deep or long parts start folded, so that a big event opens at once. */
import { UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { isAmountKey, printExact } from '@/api/exact';
import { CopyButton } from './copy';

export interface JsonViewProps {
  value: unknown;
  label?: string;
  /** Levels that start open. */
  depth?: number;
}

export function JsonView({ value, label = 'JSON', depth = 3 }: JsonViewProps) {
  return (
    <section className="bw-json" aria-label={label}>
      <CopyButton text={printExact(value)} what={label} />
      <Node value={value} open={depth} last />
    </section>
  );
}

const ITEMS_OPEN_MAX = 40;

function Node({ name, value, open, last }: { name?: string; value: unknown; open: number; last: boolean }) {
  const key = name === undefined ? null : <span className="bw-json-key">"{name}": </span>;
  if (value === null || typeof value !== 'object') {
    return (
      <div className="bw-json-line">
        {key}
        <Scalar name={name} value={value} />
        {!last && ','}
      </div>
    );
  }
  return <Branch label={key} value={value} open={open} last={last} />;
}

function Branch({
  label,
  value,
  open,
  last,
}: {
  label: React.ReactNode;
  value: object;
  open: number;
  last: boolean;
}) {
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  const [shown, setShown] = useState(open > 0 && entries.length <= ITEMS_OPEN_MAX);
  const [left, right] = list ? ['[', ']'] : ['{', '}'];
  const comma = last ? '' : ',';
  if (entries.length === 0) {
    return (
      <div className="bw-json-line">
        {label}
        {left + right + comma}
      </div>
    );
  }
  return (
    <div>
      <UnstyledButton
        className="bw-json-line bw-json-fold"
        aria-expanded={shown}
        onClick={() => setShown((before) => !before)}
      >
        {label}
        {left}
        {!shown && (
          <>
            <span className="bw-json-count">
              {entries.length} {list ? 'items' : entries.length === 1 ? 'field' : 'fields'}
            </span>
            {right + comma}
          </>
        )}
      </UnstyledButton>
      {shown && (
        <>
          <div className="bw-json-in">
            {entries.map(([name, item], index) => (
              <Node
                key={name}
                name={list ? undefined : name}
                value={item}
                open={open - 1}
                last={index === entries.length - 1}
              />
            ))}
          </div>
          <div className="bw-json-line">{right + comma}</div>
        </>
      )}
    </div>
  );
}

function Scalar({ name, value }: { name: string | undefined; value: unknown }) {
  if (typeof value === 'string') {
    // On the wire it was a number: it is a string here only so that no digit is lost.
    if (name !== undefined && isAmountKey(name) && /^-?\d+(\.\d+)?$/.test(value)) {
      return <span className="bw-json-num">{value}</span>;
    }
    return <span className="bw-json-str">{JSON.stringify(value)}</span>;
  }
  if (typeof value === 'number') return <span className="bw-json-num">{String(value)}</span>;
  return <span className="bw-json-lit">{String(value)}</span>;
}
