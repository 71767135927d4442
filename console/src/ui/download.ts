/** Saving an answer as a file: exports. */
import type { Api } from '@/api/client';

/** `2026-11-23-1405`, for the names of files. */
export function fileStamp(now: Date): string {
  return now.toISOString().slice(0, 16).replace('T', '-').replace(':', '');
}

/** Fetches every line of a list (NDJSON) and hands it to the browser as a file. */
export async function saveLines(
  api: Api,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  name: string,
): Promise<void> {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  const response = await api.fetch(`${path}?${params}`, { headers: { Accept: 'application/x-ndjson' } });
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: some browsers begin to read it only after the click is over.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
