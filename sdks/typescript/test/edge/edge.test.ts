import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it('the whole package runs where there is nothing of Node', () => {
  const flags = ['--no-warnings', '--experimental-vm-modules'];
  const report = JSON.parse(
    execFileSync(process.execPath, [...flags, here('worker.mjs')], { encoding: 'utf8' }),
  );
  expect(report).toMatchObject({
    wrong: [],
    status: 204,
    data: { a_usd: '1.5' },
    me: { workspace_id: 'ws-1' },
  });
  expect(report.node).toEqual(Array(4).fill('undefined'));
  expect(report.entries).toContain('./express');
  expect(report.loaded).toBeGreaterThan(20);
});

it('nothing that is built imports from outside the package', () => {
  const dist = here('../../dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(js|d\.ts)$/.test(name),
  );
  expect(files.length).toBeGreaterThan(40);
  for (const file of files) {
    const text = readFileSync(`${dist}/${file}`, 'utf8');
    const imported = [...text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map((found) => found[1]);
    expect(
      imported.filter((name) => !name?.startsWith('.')),
      file,
    ).toEqual([]);
  }
});
