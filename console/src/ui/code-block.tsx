import { CopyButton } from './copy';

/** Text to copy: a command, a body. */
export function CodeBlock({
  code,
  label = 'Code',
  wrap = false,
}: {
  code: string;
  label?: string;
  wrap?: boolean;
}) {
  return (
    <div className="bw-code" data-wrap={wrap || undefined}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{code}</code>
      </pre>
      <CopyButton text={code} what={label.toLowerCase()} />
    </div>
  );
}
