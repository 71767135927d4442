// Uses a packed package as somebody else would: loads every entry, by `import` and by `require`, and checks
// the types in a project with every strictness and none of this one's settings.
//
//   node scripts/consume.mjs bellwire-0.1.0.tgz FOLDER
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [tarball, folder] = process.argv.slice(2);
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const home = `${folder}/node_modules/bellwire`;
mkdirSync(home, { recursive: true });
execFileSync('tar', ['-xzf', tarball, '-C', home, '--strip-components', '1']);

const { exports, files, dependencies, name } = JSON.parse(readFileSync(`${home}/package.json`, 'utf8'));
if (dependencies) throw new Error('there are dependencies');
const unwanted = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path && !/^package\/(dist\/.+\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/.test(path));
if (unwanted.length > 0) throw new Error(`packed beside ${files}: ${unwanted}`);

const entries = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => name + path.slice(1));
const load = entries.map((entry) => `await import('${entry}'); require('${entry}');`).join('\n');
const head =
  "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n";
writeFileSync(`${folder}/load.mjs`, head + load);
execFileSync(process.execPath, ['--no-warnings', '--experimental-require-module', 'load.mjs'], {
  cwd: folder,
});

writeFileSync(`${folder}/package.json`, '{"type": "module"}');
writeFileSync(
  `${folder}/use.ts`,
  `${entries.map((entry, at) => `import * as m${at} from '${entry}';\nexport { m${at} };`).join('\n')}
import { AdminClient, type api, BudgetExhausted, type Decimal, verifyWebhook } from 'bellwire';
export const perhaps = (apiKey: string | undefined) => new AdminClient({ apiKey });
export const lone = (secret: string, body: string, headers: Headers) =>
  verifyWebhook({ secret, body, signatureHeader: headers.get('x-trove-signature'), dialect: undefined });
export async function use(client: AdminClient): Promise<Decimal | null> {
  const form: api.PurchaseForm = { amount_usd: '1', vendor: 'v', description: 'd' };
  try {
    return (await client.wallet('wal_1').purchase(form)).amount_usd;
  } catch (error) {
    return error instanceof BudgetExhausted ? error.availableUsd : null;
  }
}
// @ts-expect-error a double does not hold an amount
export const wrong: api.PurchaseForm = { amount_usd: 1.5, vendor: 'v', description: 'd' };
`,
);
for (const resolution of ['NodeNext', 'Bundler']) {
  const module = resolution === 'Bundler' ? 'ESNext' : 'NodeNext';
  const strict = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--skipLibCheck',
    'false',
  ];
  const target = ['--target', 'ES2022', '--lib', 'ES2022,DOM,DOM.Iterable'];
  const how = ['--module', module, '--moduleResolution', resolution, '--noEmit'];
  execFileSync(process.execPath, [tsc, ...strict, ...target, ...how, 'use.ts'], {
    cwd: folder,
    stdio: 'inherit',
  });
}
