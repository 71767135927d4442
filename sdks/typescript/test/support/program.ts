/** Programs in TypeScript, run as they would be: transpiled, with the built package, in a process of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';

const root = new URL('../../', import.meta.url);
// Inside the package, so that `bellwire` is found by its own name.
const folder = new URL(`.cache/programs-${process.pid}/`, root);
const running: ChildProcess[] = [];

afterAll(() => {
  for (const program of running) program.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** JavaScript of a TypeScript text, as a file; its path. */
export function transpile(name: string, text: string): string {
  const module = ts.ModuleKind.ESNext;
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module, target: ts.ScriptTarget.ES2022 },
  });
  mkdirSync(folder, { recursive: true });
  const path = fileURLToPath(new URL(`${name}.mjs`, folder));
  writeFileSync(path, outputText);
  return path;
}

/** Runs a program to its end; what it printed. */
export async function run(
  path: string,
  env: Record<string, string>,
): Promise<{ code: number | null; out: string; err: string }> {
  const program = spawn(process.execPath, ['--no-warnings', path], {
    env: { PATH: process.env.PATH, ...env },
  });
  running.push(program);
  let [out, err] = ['', ''];
  program.stdout.on('data', (part) => {
    out += part;
  });
  program.stderr.on('data', (part) => {
    err += part;
  });
  const code = await new Promise<number | null>((resolve) => program.once('close', resolve));
  return { code, out, err };
}

/** Starts an example that serves, on a port from the system; where it listens. */
export async function start(file: string, env: Record<string, string>): Promise<string> {
  const source = new URL(`examples/${file}`, root);
  const path = file.endsWith('.ts')
    ? transpile(file.slice(0, -3), readFileSync(source, 'utf8'))
    : fileURLToPath(source);
  const environment = { PATH: process.env.PATH, ...env };
  const program = spawn(process.execPath, ['--no-warnings', path, '0'], { env: environment });
  let said = '';
  program.stderr.on('data', (part) => {
    said += part;
  });
  running.push(program);
  for await (const line of createInterface({ input: program.stdout })) {
    const port = /listening on (\d+)/.exec(line)?.[1];
    if (port) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`${file} ended before it listened: ${said}`);
}
