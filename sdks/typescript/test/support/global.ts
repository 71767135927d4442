/** What all tests of a run share: the package, built, and one real server. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    url: string;
    ownerKey: string;
  }
}

const BUILT = fileURLToPath(new URL('../../../../target/debug/bellwire', import.meta.url));

async function listening(server: ChildProcess): Promise<string> {
  const log: string[] = [];
  server.stderr?.on('data', (chunk) => log.push(String(chunk)));
  if (!server.stdout) throw new Error('stdout is piped');
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error(`the server ended before it listened: ${log.join('')}`);
}

export default async function setup(project: TestProject) {
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const binary = process.env.BELLWIRE_BIN || BUILT;
  if (!existsSync(binary)) throw new Error(`no server at ${binary}: build it, or name one in BELLWIRE_BIN`);
  const data = mkdtempSync(join(tmpdir(), 'bellwire-sdk-'));
  const ownerKey = randomBytes(24).toString('hex');
  const env = { PATH: process.env.PATH, BELLWIRE_OWNER_KEY: ownerKey, BELLWIRE_LOG: 'warn' };
  const server = spawn(binary, ['serve', '--dev', '--data-dir', data, '--listen', '127.0.0.1:0'], { env });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  project.provide('url', await listening(server));
  project.provide('ownerKey', ownerKey);
  server.stdout?.resume();
  return async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
}
