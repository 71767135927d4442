/** Lists that come in pages. */
import { BellwireError } from '../errors.js';

interface Paged {
  next_cursor?: string | null;
}

/**
 * A list, fetched page by page as it is read.
 *
 * `for await (const wallet of client.listWallets())` takes all; `.page()` takes one page, with its
 * `next_cursor` and `total` where there is one; `.first(n)` takes at most so many.
 */
export class Pages<Item, Page extends object> implements AsyncIterable<Item> {
  readonly #fetchPage: (cursor?: string) => Promise<Page>;
  readonly #key: keyof Page;

  /** @internal */
  constructor(fetchPage: (cursor?: string) => Promise<Page>, key: keyof Page) {
    this.#fetchPage = fetchPage;
    this.#key = key;
  }

  /** One page as it is answered: the first one, or the one that a `next_cursor` points to. */
  page(cursor?: string): Promise<Page> {
    return this.#fetchPage(cursor);
  }

  /** Page after page. */
  async *pages(): AsyncGenerator<Page, void, undefined> {
    let cursor: string | null | undefined;
    do {
      const page = await this.#fetchPage(cursor ?? undefined);
      yield page;
      cursor = (page as Paged | undefined)?.next_cursor;
    } while (cursor);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) {
      const items = page?.[this.#key];
      if (!Array.isArray(items)) throw new BellwireError(`the answer has no list of ${String(this.#key)}`);
      yield* items as Item[];
    }
  }

  /** At most so many. */
  async first(count: number): Promise<Item[]> {
    const found: Item[] = [];
    if (count <= 0) return found;
    for await (const item of this) {
      found.push(item);
      if (found.length >= count) break;
    }
    return found;
  }
}
