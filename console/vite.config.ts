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

export default defineConfig({
  plugins: [react(), scheme()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    sourcemap: false,
    // The CSP lets images come from `data:`, but nothing else.
    assetsInlineLimit: (file) => (file.endsWith('.svg') ? undefined : false),
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': SERVER, '/api': SERVER, '/openapi.json': SERVER } },
  test: { environment: 'happy-dom', include: ['test/**/*.test.{ts,tsx}'] },
});
