// After `vite build`: writes compressed twins of what is in dist/, and holds the first view to its budget.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
/** A twin of less than this saves nothing. */
const TWIN_BYTES_MIN = 1024;
/** All script and style that is loaded before the login or the overview is there, brotli. */
const FIRST_VIEW_BYTES_MAX = 200 * 1024;
/** The pages that may be somebody's first. */
const FIRST_PAGES = ['src/app/login.tsx', 'src/features/overview/'];

const sizes = new Map();
for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  const br = await promisify(brotliCompress)(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const name = path.slice(DIST.length + 1);
  sizes.set(name, { raw: bytes.length, br: br.length });
  // A page gets its nonce when it is sent, so it is never sent from a twin.
  if (bytes.length <= TWIN_BYTES_MIN || name.endsWith('.html') || name.startsWith('.vite/')) continue;
  await writeFile(`${path}.br`, br);
  await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}

const manifest = JSON.parse(await readFile(join(DIST, '.vite/manifest.json'), 'utf8'));
const first = new Set();
const load = (key) => {
  const chunk = manifest[key];
  if (!chunk || first.has(chunk.file)) return;
  first.add(chunk.file);
  for (const css of chunk.css ?? []) first.add(css);
  for (const next of chunk.imports ?? []) load(next);
};
for (const key of Object.keys(manifest)) {
  if (manifest[key].isEntry || FIRST_PAGES.some((page) => key.startsWith(page))) load(key);
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
let total = 0;
for (const name of [...first].sort()) {
  const size = sizes.get(name);
  total += size.br;
  console.log(`  ${name.padEnd(44)} ${kib(size.raw).padStart(11)} ${kib(size.br).padStart(11)} brotli`);
}
const [docs, pages] = [true, false].map((wanted) =>
  [...sizes]
    .filter(([name]) => /\.(js|css)$/.test(name) && /^assets\/(viewer|docs)-/.test(name) === wanted)
    .reduce((sum, [, size]) => sum + size.br, 0),
);
console.log(
  `first view ${kib(total)} of ${kib(FIRST_VIEW_BYTES_MAX)} brotli; all pages ${kib(pages)}; API reference ${kib(docs)}`,
);
if (total > FIRST_VIEW_BYTES_MAX) {
  console.error('The first view is over its budget: load what it does not need with a page.');
  process.exit(1);
}
