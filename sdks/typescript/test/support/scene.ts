/** A workspace of one's own on the shared server, and receivers for what it delivers. */
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, inject } from 'vitest';
import { AdminClient, type ClientOptions } from '../../src/index.js';

let count = 0;

/** A client with the admin key of a new workspace. */
export async function workspace(
  options: Partial<ClientOptions> = {},
): Promise<{ client: AdminClient; key: string }> {
  const owner = new AdminClient({ apiKey: inject('ownerKey'), baseUrl: inject('url') });
  count += 1;
  const made = await owner.createWorkspace({ name: `sdk ${process.pid} ${count}` });
  const key = String(made.api_key);
  return { client: new AdminClient({ apiKey: key, baseUrl: inject('url'), ...options }), key };
}

/** What arrived. */
export interface Request {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/** Serves on a port from the system until the file's tests are over. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Keeps what arrives, and answers 204. */
export async function receiver(): Promise<{ url: string; seen: Request[] }> {
  const seen: Request[] = [];
  const url = await serve((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      seen.push({ headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(204).end();
    });
  });
  return { url, seen };
}

/** Waits until `look` finds something. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
): Promise<T> {
  let found: T | undefined | null | false;
  const again = async () => {
    found = await look();
    return found;
  };
  await expect.poll(again, { message: what, timeout: 60_000, interval: 20 }).toBeTruthy();
  return found as T;
}
