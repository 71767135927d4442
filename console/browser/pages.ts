/** Debian's Chromium, its pages guarded: whatever a user should not see ends the test. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Server } from './server';

/** Where screenshots are written. */
export const SHOTS = new URL('./shots/', import.meta.url).pathname;
mkdirSync(SHOTS, { recursive: true });

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Scheme = 'light' | 'dark';

let browser: Promise<Browser> | undefined;

function launched(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return browser;
}

/** Ends the browser: in `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** A visitor: a browser profile of its own with one or more tabs. */
export class Visitor {
  /** What was seen that should not be. */
  readonly faults: string[] = [];
  readonly #server: Server;
  readonly #context: BrowserContext;

  private constructor(server: Server, context: BrowserContext) {
    this.#server = server;
    this.#context = context;
  }

  static async of(
    server: Server,
    { width = 1440, height = 900, scheme = 'light' as Scheme } = {},
  ): Promise<Visitor> {
    const context = await (await launched()).newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
      locale: 'en-GB',
    });
    context.setDefaultTimeout(15_000);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], {
      origin: server.origin,
    });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    return new Visitor(server, context);
  }

  /** A tab, not yet anywhere. */
  async tab(): Promise<Page> {
    const page = await this.#context.newPage();
    const { faults } = this;
    const { origin } = this.#server;
    page.on('pageerror', (error) => faults.push(`thrown: ${error.stack ?? error}`));
    page.on('console', (message) => {
      const text = message.text();
      // An answer other than 2xx is shown by the page; a server that is away is told by its banner.
      if (message.type() === 'error' && !/^Failed to load resource/.test(text)) {
        faults.push(`console: ${text}`);
      }
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) {
        faults.push(`leaves the origin: ${url}`);
      }
    });
    return page;
  }

  /** A tab at a page of the console, logged in: by the key given, or as owner. */
  async logIn(path = '/', key?: string): Promise<Page> {
    const page = await this.tab();
    await page.goto(await this.#server.freshLink(key));
    await page.getByRole('navigation').first().waitFor();
    if (path !== '/') await page.goto(this.#server.origin + path);
    return page;
  }

  /** Ends the visit; fails if something was seen that should not be. */
  async leave(): Promise<void> {
    await this.#context.close();
    expect(this.faults).toEqual([]);
  }
}

/** Fails where axe finds something serious. */
export async function accessible(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE);
  const serious = await page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: put there by the line above
    const { violations } = await (window as any).axe.run(document, { resultTypes: ['violations'] });
    return (
      violations
        // biome-ignore lint/suspicious/noExplicitAny: as above
        .filter((one: any) => ['serious', 'critical'].includes(one.impact))
        // biome-ignore lint/suspicious/noExplicitAny: as above
        .map((one: any) => `${one.id}: ${one.help}: ${one.nodes.map((n: any) => n.html).slice(0, 3)}`)
    );
  });
  expect(serious, `axe: ${where}`).toEqual([]);
}

/** Schemes and widths: two that have both of each, or, to be looked at by somebody (`PICTURES=all`), all four. */
const SIGHTS: readonly (readonly [Scheme, number])[] =
  process.env.PICTURES === 'all'
    ? [
        ['light', 1440],
        ['dark', 1440],
        ['light', 390],
        ['dark', 390],
      ]
    : [
        ['light', 1440],
        ['dark', 390],
      ];

/**
 * Pictures of a page as it is, in light and dark, 1440 and 390 px wide, as `shots/<name>-<scheme>-<width>.png`; axe
 * looks at each, and nothing may be wider than the window.
 */
export async function shots(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const [scheme, width] of SIGHTS) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    await page.emulateMedia({ colorScheme: scheme });
    // The page hears of it a moment later: no picture shows half of each.
    await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: 'attached' });
    const where = `${name}-${scheme}-${width}`;
    // Colours on their way to the other scheme are nobody's.
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) {
        if (Number.isFinite(Number(animation.effect?.getComputedTiming().endTime))) animation.finish();
      }
      return new Promise((done) => requestAnimationFrame(() => done(null)));
    });
    await page.screenshot({ path: `${SHOTS}${where}.png` });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, `${where} scrolls sideways`).toBeLessThanOrEqual(width);
    await accessible(page, where);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (before) await page.setViewportSize(before);
}
