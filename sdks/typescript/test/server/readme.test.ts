import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, inject, it } from 'vitest';
import { run, transpile } from '../support/program.js';
import { workspace } from '../support/scene.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}README.md`, 'utf8');
const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((found) => String(found[1]));
const names = blocks.map(
  (block, at) => `${at + 1}: ${block.split('\n').find((line) => line.includes('import'))}`,
);

/** What a block says that it prints, line by line. */
const promised = (block: string) => [...block.matchAll(/\/\/ → (.*)$/gm)].map((found) => found[1]);

describe('the code in the README', () => {
  it('is there', () => expect(blocks.length).toBeGreaterThanOrEqual(9));

  it('is right in all its types', () => {
    const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config;
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const host = ts.createCompilerHost(options);
    const files = new Map(blocks.map((block, at) => [`${root}readme-${at + 1}.ts`, block]));
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists.call(host, name);
    host.readFile = (name) => files.get(name) ?? readFile.call(host, name);
    host.getSourceFile = (name, target, ...rest) => {
      const block = files.get(name);
      return block === undefined
        ? getSourceFile.call(host, name, target, ...rest)
        : ts.createSourceFile(name, block, target, true);
    };
    const program = ts.createProgram([...files.keys()], options, host);
    const faults = ts.getPreEmitDiagnostics(program);
    expect(ts.formatDiagnostics(faults, host)).toBe('');
  });

  it.each(names.map((name, at) => [name, blocks[at] ?? ''] as const))('%s', async (name, block) => {
    const { key } = await workspace();
    const env = {
      BELLWIRE_URL: inject('url'),
      BELLWIRE_KEY: key,
      BELLWIRE_SECRET: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    };
    const { code, out, err } = await run(transpile(`readme-${name.split(':')[0]}`, block), env);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, -1)).toEqual(promised(block));
  });
});
