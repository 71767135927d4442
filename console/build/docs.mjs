// After `vite build`: the API reference at /docs, a page of its own with files of its own. The viewer is the standalone
// build of @scalar/api-reference, as it is published; build/docs-start.mjs says what it may do.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const DIST = new URL('../dist/', import.meta.url);
const VIEWER = new URL('../node_modules/@scalar/api-reference/dist/browser/standalone.js', import.meta.url);

/** Writes a file whose name holds a hash of what it says; its path on the server. */
async function hashed(name, text) {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const path = `assets/${name}-${hash}.js`;
  await writeFile(new URL(path, DIST), text);
  return `/${path}`;
}

const viewer = await readFile(VIEWER, 'utf8');
// Maps are not shipped.
const script = await hashed('viewer', viewer.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
const start = await hashed(
  'docs',
  await readFile(fileURLToPath(new URL('./docs-start.mjs', import.meta.url)), 'utf8'),
);
const [, icon] =
  /<link rel="icon" href="([^"]*)"/.exec(await readFile(new URL('index.html', DIST), 'utf8')) ?? [];
if (!icon) throw new Error('index.html has no icon');

await writeFile(
  new URL('docs.html', DIST),
  `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex" />
    <meta name="referrer" content="no-referrer" />
    <link rel="icon" href="${icon}" type="image/svg+xml" />
    <title>Bellwire API</title>
  </head>
  <body>
    <div id="reference"></div>
    <noscript>This page needs JavaScript. The API is described at <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script nonce="__CSP_NONCE__" src="${start}" data-viewer="${script}"></script>
  </body>
</html>
`,
);
