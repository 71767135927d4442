import { readFile } from 'node:fs/promises';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds a server: `bellwire serve --dev`. */
const SERVER = process.env.BELLWIRE_ORIGIN ?? 'http://127.0.0.1:4800';

/** Puts build/scheme.mjs before everything else, as a file of its own. */
function scheme(): Plugin {
  const source = new URL('./build/scheme.mjs', import.meta.url);
  let building = false;
  return {
    name: 'bellwire-scheme',
    configResolved: (config) => {
      building = config.command === 'build';
    },
    configureServer: (server) => {
      server.middlewares.use('/scheme.js', async (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(await readFile(source));
      });
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', name: 'scheme.js', source: await readFile(source, 'utf8') });
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const file = Object.keys(bundle ?? {}).find((name) => /scheme-[^/]*\.js$/.test(name));
        const src = building ? `/${file}` : '/scheme.js';
        return [{ tag: 'script', attrs: { src, nonce: '__CSP_NONCE__' }, injectTo: 'head-prepend' }];
      },
    },
  };
}

/** Components that the first view has none of, and the files of their looks: loaded by the pages that use them. */
const LATE: Record<string, string[]> = {
  Checkbox: ['InlineInput', 'Checkbox'],
  Kbd: ['Kbd'],
  NumberInput: ['NumberInput'],
  Radio: ['InlineInput', 'Radio'],
  SegmentedControl: ['FloatingIndicator', 'SegmentedControl'],
  SimpleGrid: ['SimpleGrid'],
  Switch: ['InlineInput', 'Switch'],
  Tabs: ['Tabs'],
  TagsInput: ['Pill', 'PillsInput'],
};

/** Has a module that imports one of these components import its looks, too. */
function late(): Plugin {
  const imports = /import\s*\{([^}]*)\}\s*from\s*['"]@mantine\/core['"]/g;
  return {
    name: 'bellwire-late-styles',
    enforce: 'pre',
    transform(code, id) {
      if (id.includes('node_modules') || !/\.tsx?$/.test(id)) return;
      const names = [...code.matchAll(imports)].flatMap(([, list]) => list?.split(/[\s,]+/) ?? []);
      const looks = new Set(names.flatMap((name) => LATE[name] ?? []));
      if (!looks.size) return;
      // On the first line, so that lines keep their numbers.
      const lines = [...looks].map((look) => `import '@mantine/core/styles/${look}.css';`);
      return { code: `${lines.join('')}${code}`, map: null };
    },
  };
}

/** What every page is made of. */
const BASE =
  /node_modules[\\/](@mantine[\\/]hooks|lucide-react[\\/]dist[\\/]esm[\\/]createLucideIcon|@mantine[\\/]notifications[\\/]esm[\\/]notifications\\.store|@mantine[\\/]store|@mantine[\\/]core[\\/]esm[\\/](core|utils|components[\\/](Anchor|Box|CloseButton|Input|InputBase|Loader|OptionalPortal|Paper|Portal|Text|Transition|UnstyledButton|VisuallyHidden))[\\/])/;

export default defineConfig({
  plugins: [late(), react(), scheme()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    sourcemap: false,
    // The CSP lets images come from `data:`, but nothing else.
    assetsInlineLimit: (file) => (file.endsWith('.svg') ? undefined : false),
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // One file instead of twenty: each costs a request's headers and compresses worse alone.
        advancedChunks: { groups: [{ name: 'base', test: BASE }] },
      },
    },
  },
  server: {
    // The host stays as the browser asked for it: the server refuses what another site's page asks.
    proxy: Object.fromEntries(
      ['/v1', '/api', '/.well-known', '/openapi.json'].map((path) => [
        path,
        { target: SERVER, changeOrigin: false },
      ]),
    ),
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.{ts,tsx}'] },
});
