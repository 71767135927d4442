/** Requests whose rules go as they are written: made of a value, they could lose digits. */
import type { Api } from '@/api/client';
import { parseExact } from '@/api/exact';

export async function send<T>(api: Api, method: string, path: string, body: string): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await api.fetch(path, { method, headers, body });
  return parseExact<T>(await response.text());
}
