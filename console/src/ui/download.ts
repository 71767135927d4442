/** Saving as a file: what a page has, and the lines of a list. */
import type { Api } from '@/api/client';

/** How long a browser may take to begin reading: some do only after the click is over. */
const REVOKE_MS = 60_000;

/** `2026-11-23-1405`, for the names of files. */
export function fileStamp(now: Date): string {
  return now.toISOString().slice(0, 16).replace('T', '-').replace(':', '');
}

/** Hands it to the browser as a file of that name. */
export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}

/** Fetches every line of a list (NDJSON) and saves them; what is not set in the query asks for all. */
export async function saveLines(
  api: Api,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  name: string,
): Promise<void> {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  const asked = params.size > 0 ? `${path}?${params}` : path;
  const response = await api.fetch(asked, { headers: { Accept: 'application/x-ndjson' } });
  // An answer that breaks off is an error here: nobody takes a part for the whole.
  saveAs(await response.blob(), name);
}
