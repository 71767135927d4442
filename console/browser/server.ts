/** The real server, as a process of its own, killed and removed at the end. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BINARY = process.env.BELLWIRE_BIN ?? new URL('../../target/debug/bellwire', import.meta.url).pathname;
export const OWNER_KEY = 'owner-key-of-the-browser-tests-0123456789';

/** What the API answered. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON it is
  body: any;
}

export class Server {
  /** Where it listens, the same after a restart: `http://127.0.0.1:…`. */
  address = '';
  /** Where the pages are: the server itself, or Vite before it. */
  origin = '';
  /** The link that the latest start printed, as printed. */
  link = '';
  #child: ChildProcess | undefined;
  #vite: { close: () => Promise<void> } | undefined;
  #directory = '';
  readonly #args: string[];

  private constructor(args: string[]) {
    this.#args = args;
  }

  /** With `PAGES=dev` in the environment pages come from Vite, with `PAGES=dist` from the latest build, not from
   * the binary: quick to work with, without a CSP. */
  static async start(args: string[] = ['--dev']): Promise<Server> {
    const server = new Server(args);
    server.#directory = await mkdtemp(join(tmpdir(), 'bellwire-browser-'));
    await server.launch();
    server.origin = server.address;
    if (process.env.PAGES) {
      process.env.BELLWIRE_ORIGIN = server.address;
      const vite = await import('vite');
      const configFile = new URL('../vite.config.ts', import.meta.url).pathname;
      const root = new URL('..', import.meta.url).pathname;
      const at = { host: '127.0.0.1', port: 0 };
      const shared = { configFile, root, logLevel: 'error' as const };
      const made =
        process.env.PAGES === 'dist'
          ? await vite.preview({ ...shared, preview: at })
          : await (
              await vite.createServer({
                ...shared,
                cacheDir: join(server.#directory, 'vite'),
                server: { ...at, hmr: false, watch: null },
              })
            ).listen();
      server.#vite = made;
      server.origin = (made.resolvedUrls?.local[0] ?? '').replace(/\/$/, '');
    }
    return server;
  }

  /** Starts it (again), on the same address and data. */
  async launch(): Promise<void> {
    const listen = this.address ? this.address.slice('http://'.length) : '127.0.0.1:0';
    const data = join(this.#directory, 'data');
    const child = spawn(BINARY, ['serve', '--data-dir', data, '--listen', listen, ...this.#args], {
      cwd: this.#directory,
      env: { PATH: process.env.PATH, BELLWIRE_OWNER_KEY: OWNER_KEY, BELLWIRE_LOG: 'warn' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const failed = new Promise<never>((_, no) => {
      child.once('error', no);
      child.once('exit', (code) => no(new Error(`the server ended with ${code}`)));
    });
    failed.catch(() => {});
    const ready = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        const [, link] = /^console: (.*)$/.exec(line) ?? [];
        this.link = link ?? this.link;
        const [, at] = /^listening on (http:.*)$/.exec(line) ?? [];
        if (at) return at;
      }
      return failed;
    })();
    this.address = await Promise.race([ready, failed]);
    // The pipe is not to fill up.
    child.stdout.resume();
  }

  /** Ends it: `SIGTERM`, or `SIGKILL` as a crash would. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  }

  /** Changes rows behind the back of a server that was ended, as somebody with the disk could. Fails if none is changed. */
  forge(statement: string): void {
    const program = [
      'import sqlite3, sys',
      'with sqlite3.connect(sys.argv[1]) as rows: assert rows.execute(sys.argv[2]).rowcount > 0',
    ];
    execFileSync('python3', [
      '-c',
      program.join('\n'),
      join(this.#directory, 'data', 'bellwire.db'),
      statement,
    ]);
  }

  /** Runs the binary as a command, such as `bellwire audit verify`; what it printed. Fails if it does. */
  static command(...args: string[]): string {
    return execFileSync(BINARY, args, { encoding: 'utf8', stdio: 'pipe' });
  }

  /** Ends it and removes what it kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vite?.close();
    await this.end('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Asks the API. Fails unless the answer is a success, but for `as.any`. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    as: { key?: string; any?: boolean; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(this.address + path, {
      method,
      headers: {
        Authorization: `Bearer ${as.key ?? OWNER_KEY}`,
        'Content-Type': 'application/json',
        ...as.headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const json = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
    if (!response.ok && !as.any) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { status: response.status, headers: response.headers, body: json };
  }

  get(path: string): Promise<Answer> {
    return this.api('GET', path);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.api('POST', path, body);
  }

  /** A link that logs in, with the pages' origin. */
  async freshLink(key = OWNER_KEY): Promise<string> {
    const { body } = await this.api('POST', '/v1/session/links', {}, { key });
    return this.at(body.url);
  }

  /** The same link where the pages are. */
  at(link: string): string {
    const url = new URL(link);
    return this.origin + url.pathname + url.search + url.hash;
  }
}

/** A request as a receiver saw it. */
export interface Seen {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An endpoint's other side: answers what `reply` says, and keeps what came. */
export class Receiver {
  readonly seen: Seen[] = [];
  url = '';
  #server = createServer();

  static async start(
    reply: (seen: Seen, nth: number) => number | { status: number; body: string } = () => 200,
  ): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const seen = { path: request.url ?? '/', headers: request.headers, body };
        receiver.seen.push(seen);
        const answer = reply(seen, receiver.seen.length);
        const { status, body: text } =
          typeof answer === 'number' ? { status: answer, body: `answered ${answer}` } : answer;
        response.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
      });
    });
    await new Promise<void>((done) => receiver.#server.listen(0, '127.0.0.1', done));
    receiver.url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}/hook`;
    return receiver;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** Waits until `probe` finds something; fails after `limit` ms. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  limit = 20_000,
): Promise<T> {
  const until = Date.now() + limit;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > until) throw new Error(`in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}
