import { ActionIcon, Button } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

/** Copies `text`. An icon beside what it copies, or with `label` a button. */
export function CopyButton({
  text,
  what,
  label,
}: {
  text: string /** for the tooltip: `Copy the id` */;
  what?: string;
  label?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = window.setTimeout(() => setCopied(false), 1_500);
    return () => window.clearTimeout(timer);
  }, [copied]);
  const copy = (event: React.MouseEvent) => {
    event.stopPropagation();
    void copyText(text).then(setCopied);
  };
  const Icon = copied ? Check : Copy;
  if (label) {
    return (
      <Button variant="default" leftSection={<Icon size={13} />} onClick={copy}>
        {copied ? 'Copied' : label}
      </Button>
    );
  }
  return (
    <ActionIcon
      size={20}
      className="bw-copy"
      aria-label={`Copy ${what ?? text}`}
      title={copied ? 'Copied' : `Copy ${what ?? ''}`.trim()}
      onClick={copy}
    >
      <Icon size={12} />
    </ActionIcon>
  );
}

/** Pages without TLS have no clipboard API (only `localhost` is let off): then the old way. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.setAttribute('readonly', '');
    area.className = 'bw-offscreen';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** An id: monospaced, cut in the middle if it is long, with a button to copy it whole. */
export function Id({ id, short = false }: { id: string; short?: boolean }) {
  const shown = short && id.length > 16 ? `${id.slice(0, 7)}…${id.slice(-6)}` : id;
  return (
    <span className="bw-id">
      <code title={shown === id ? undefined : id}>{shown}</code>
      <CopyButton text={id} what={id} />
    </span>
  );
}
