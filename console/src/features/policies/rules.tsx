import { differences, type Policy, type Rule, sentences } from './words';

/** Rules in sentences, numbered as in the list they are written in. */
export function Rules({ rules, otherwise }: { rules: readonly unknown[]; otherwise: string }) {
  return (
    <ol className="bw-rules" aria-label="Rules">
      {rules.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place in the list
        <li key={index}>
          {sentences(entry as Rule).map(({ rule, text, code }) => (
            <div key={rule}>
              {text} {code !== undefined && <code>{code}</code>}
            </div>
          ))}
        </li>
      ))}
      <li className="bw-rules-else">
        {rules.length === 0 ? 'No rules. ' : ''}
        {otherwise === 'deny' ? 'Deny everything else' : 'Allow everything else'}
      </li>
    </ol>
  );
}

/** What changed from one version to the next. */
export function Changes({
  before,
  after,
}: {
  before: Parameters<typeof differences>[0];
  after: Pick<Policy, 'name' | 'rules' | 'default' | 'agents' | 'namespaces'>;
}) {
  const all = differences(before, after);
  if (all.length === 0) return <p className="bw-none bw-plain">Nothing differs.</p>;
  return (
    <ul className="bw-diff" aria-label="What changed">
      {all.map(({ sign, text }) => (
        <li key={`${sign}${text}`} data-sign={sign}>
          <span aria-hidden>{sign === '-' ? '\u2212' : sign}</span>
          <span className="bw-unseen">{{ '+': 'added: ', '-': 'removed: ', '~': 'changed: ' }[sign]}</span>
          {text}
        </li>
      ))}
    </ul>
  );
}
