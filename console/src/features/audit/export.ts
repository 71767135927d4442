/** The log as a file, one entry a line: what `bellwire audit verify` checks. */
import type { Api } from '@/api/client';

/** How long a browser may take to begin saving. */
const REVOKE_MS = 60_000;

export type Selection = Record<string, string | undefined>;

export async function downloadLog(api: Api, selection: Selection): Promise<void> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(selection)) if (value) query.set(name, value);
  const some = query.size > 0;
  const response = await api.fetch(`/v1/audit${some ? `?${query}` : ''}`, {
    headers: { Accept: 'application/x-ndjson' },
  });
  // An export that breaks off is an error here: nobody takes a part for the whole.
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = some ? 'audit-selection.ndjson' : 'audit.ndjson';
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after the click.
  window.setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}
