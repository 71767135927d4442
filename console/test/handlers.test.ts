// @vitest-environment node
/** The handlers that the console shows, run: those in the languages that a machine with Node.js has. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, expect, test } from 'vitest';
import { HMAC_HANDLERS } from '@/features/endpoints/handler';
import { ED25519_HANDLERS } from '@/features/endpoints/handler-ed25519';
import type { Snippet } from '@/ui/code';

const directory = mkdtempSync(join(tmpdir(), 'bellwire-handlers-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill();
  rmSync(directory, { recursive: true });
});

const SECRET = `whsec_${randomBytes(48).toString('base64')}`;
const PAIR = generateKeyPairSync('ed25519');
const raw = Buffer.from(String(PAIR.publicKey.export({ format: 'jwk' }).x), 'base64url');
const ENV = { WEBHOOK_SECRET: SECRET, WEBHOOK_PUBLIC_KEY: `whpk_${raw.toString('base64')}` };
const BODY = '{"type":"order.paid","data":{"note":"Grüße"}}';

function hmac(time: number): string {
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`evt_1.${time}.${BODY}`).digest('base64')}`;
}
function ed25519(time: number): string {
  return `v1a,${sign(null, Buffer.from(`evt_1.${time}.${BODY}`), PAIR.privateKey).toString('base64')}`;
}

async function freePort(): Promise<number> {
  const door = createServer();
  await new Promise<void>((done) => door.listen(0, '127.0.0.1', done));
  const { port } = door.address() as AddressInfo;
  await new Promise((done) => door.close(done));
  return port;
}

/** Starts a handler; how it answers a request. */
async function started(command: string, file: string, code: string) {
  const path = join(directory, file);
  writeFileSync(path, code);
  const port = await freePort();
  const env = { PATH: process.env.PATH, PORT: String(port), ...ENV };
  children.push(spawn(command, [path], { env, stdio: 'ignore' }));
  const post = async (time: number, signature: string, body: string, without?: string) => {
    const headers = new Headers({
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(time),
      'webhook-signature': signature,
    });
    if (without) headers.delete(without);
    return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;
  };
  const until = Date.now() + 20_000;
  for (;;) {
    try {
      await post(0, '', '');
      return post;
    } catch (refused) {
      if (Date.now() > until) throw refused;
      await new Promise((done) => setTimeout(done, 25));
    }
  }
}

function code(snippets: readonly Snippet[], language: string): string {
  return snippets.find((snippet) => snippet.language === language)?.code ?? '';
}

async function judges(post: Awaited<ReturnType<typeof started>>, signed: (time: number) => string) {
  const now = Math.floor(Date.now() / 1000);
  const other = signed(now).replace(/,.*/, `,${Buffer.alloc(64).toString('base64')}`);
  expect(await post(now, signed(now), BODY), 'good').toBe(204);
  expect(await post(now, `${other} ${signed(now)}`, BODY), 'the second of two').toBe(204);
  expect(await post(now, signed(now), `${BODY} `), 'altered').toBe(400);
  expect(await post(now, other, BODY), 'of another').toBe(400);
  expect(await post(now - 400, signed(now - 400), BODY), 'old').toBe(400);
  expect(await post(now, '', BODY), 'none').toBe(400);
  for (const header of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    expect(await post(now, signed(now), BODY, header), `without ${header}`).toBe(400);
  }
}

function javascript(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  return outputText;
}

const has = (...command: [string, ...string[]]) => spawnSync(command[0], command.slice(1)).status === 0;
const python = has('python3', '--version');

test('TypeScript, HMAC', async () => {
  const text = javascript(code(HMAC_HANDLERS, 'TypeScript'));
  await judges(await started('node', 'hmac.mjs', text), hmac);
}, 30_000);

test('TypeScript, Ed25519', async () => {
  const text = javascript(code(ED25519_HANDLERS, 'TypeScript'));
  await judges(await started('node', 'ed25519.mjs', text), ed25519);
}, 30_000);

test.runIf(python)(
  'Python, HMAC',
  async () => {
    await judges(await started('python3', 'handler_hmac.py', code(HMAC_HANDLERS, 'Python')), hmac);
  },
  30_000,
);

test.runIf(python && has('python3', '-c', 'import cryptography'))(
  'Python, Ed25519',
  async () => {
    await judges(await started('python3', 'handler_ed25519.py', code(ED25519_HANDLERS, 'Python')), ed25519);
  },
  30_000,
);
