/** Tests in a real browser against the real server: `npm run browser`. They need `cargo build` and Chromium. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  resolve: { alias: { '@': new URL('../src', import.meta.url).pathname } },
  test: {
    include: ['browser/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    retry: 0,
  },
});
