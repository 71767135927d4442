// @vitest-environment node
/** The handlers that the console shows, run: TypeScript everywhere, the others where they are installed. */
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

/** Starts a handler on the port; how it answers a request. */
async function started(port: number, command: string, ...args: string[]) {
  const env = { PATH: process.env.PATH, PORT: String(port), ...ENV };
  const child = spawn(command, args, { cwd: directory, env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let ended: string | null = null;
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('close', (status) => {
    ended ??= `ended with ${status}: ${said}`;
  });
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
      if (ended !== null) throw new Error(`${command} ${ended}`);
      if (Date.now() > until) throw refused;
      await new Promise((done) => setTimeout(done, 25));
    }
  }
}

/** Where the code of a language was written to, changed for the test. */
function written(file: string, code: string): string {
  const path = join(directory, file);
  writeFileSync(path, code);
  return path;
}

function code(snippets: readonly Snippet[], language: string): string {
  const found = snippets.find((snippet) => snippet.language === language);
  if (!found) throw new Error(`no handler in ${language}`);
  return found.code;
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

const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** Runs the test where what it needs is there, and says so where it is not. */
function testWhere(there: boolean, name: string, needs: string, run: () => Promise<void>) {
  if (!there) console.warn(`SKIPPED: ${name}: ${needs} is not installed`);
  test.runIf(there)(name, run, 120_000);
}

// What names a Python promises that it has what the tests need: then a lack is a fault, and nothing is skipped.
const promised = process.env.BELLWIRE_E2E_PYTHON;
const python = promised ?? 'python3';
const go = has('go', 'version');
const rackup = has('rackup', '--version');

const KINDS = [
  { kind: 'HMAC', handlers: HMAC_HANDLERS, signed: hmac, module: 'sys' },
  { kind: 'Ed25519', handlers: ED25519_HANDLERS, signed: ed25519, module: 'cryptography' },
] as const;

for (const { kind, handlers, signed, module } of KINDS) {
  test(`TypeScript, ${kind}`, async () => {
    const path = written(`${kind}.mjs`, javascript(code(handlers, 'TypeScript')));
    await judges(await started(await freePort(), 'node', path), signed);
  }, 30_000);

  const pythonThere = promised !== undefined || has(python, '-c', `import ${module}`);
  testWhere(
    pythonThere,
    `Python, ${kind}`,
    module === 'sys' ? python : `${module} of ${python}`,
    async () => {
      const path = written(`${kind}.py`, code(handlers, 'Python'));
      await judges(await started(await freePort(), python, path), signed);
    },
  );

  testWhere(go, `Go, ${kind}`, 'go', async () => {
    const port = await freePort();
    const path = written(`${kind}.go`, code(handlers, 'Go').replace('":3000"', `"127.0.0.1:${port}"`));
    const program = join(directory, `go-${kind}`);
    // Built first: `go run` would leave its child behind.
    const built = spawnSync('go', ['build', '-o', program, path], { cwd: directory, encoding: 'utf8' });
    expect(built.status, built.stderr).toBe(0);
    await judges(await started(port, program), signed);
  });

  testWhere(rackup, `Ruby, ${kind}`, 'rackup', async () => {
    const port = await freePort();
    const path = written(`${kind}.ru`, code(handlers, 'Ruby'));
    await judges(await started(port, 'rackup', '--host', '127.0.0.1', '--port', String(port), path), signed);
  });
}
