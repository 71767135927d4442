/** What all methods of a client stand on: typed requests, pages, streams. */
import { BellwireError } from '../errors.js';
import type { Operations } from '../generated/operations.js';
import { Pages } from './pages.js';
import { type CallOptions, type ConnectionOptions, Transport } from './transport.js';

/** Method and path of an operation, as `openapi.json` has them. */
export type Route = keyof Operations;

/** The arguments of an operation. */
export type Arguments<R extends Route> = (Operations[R]['path'] extends undefined
  ? unknown
  : { path: Operations[R]['path'] }) &
  (undefined extends Operations[R]['body']
    ? { body?: Operations[R]['body'] }
    : { body: Operations[R]['body'] }) & {
    query?: Operations[R]['query'] | undefined;
    headers?: Readonly<Record<string, string>> | undefined;
  };

/** What an operation may be asked with in its query. */
export type Query<R extends Route> = Operations[R]['query'];

type Item<Answer, Key extends keyof Answer> = Answer[Key] extends (infer One)[] ? One : never;

/** How a client connects, and to which workspace it means to. */
export interface ClientOptions extends ConnectionOptions {
  /** The workspace that the key is to be of: with a key of another one, no call is made. */
  workspaceId?: string | undefined;
}

/** Sends any operation of the API. */
export class Core {
  /** The workspace that the key has to be of, if one was named. */
  readonly workspaceId: string | null;
  /** @internal */
  protected readonly transport: Transport;
  #checked: Promise<void> | null = null;

  constructor(options: ClientOptions = {}) {
    this.transport = new Transport(options);
    this.workspaceId = options.workspaceId ?? null;
  }

  /** Where the server is. */
  get baseUrl(): string {
    return this.transport.baseUrl;
  }

  /** Any operation, by method and path; what it takes and answers is typed. */
  async request<R extends Route>(
    route: R,
    given: Arguments<R>,
    options: CallOptions = {},
  ): Promise<Operations[R]['answer']> {
    await this.checkWorkspace();
    return this.transport.json({ ...options, ...given, route });
  }

  /** The same in another form than JSON: `text/csv` of spend, `application/x-ndjson` of audit and deliveries. */
  async text<R extends Route>(
    route: R,
    accept: string,
    given: Arguments<R>,
    options: CallOptions = {},
  ): Promise<string> {
    await this.checkWorkspace();
    return this.transport.text({ ...options, ...given, route, accept });
  }

  /** All pages of a list. */
  protected pages<R extends Route, Key extends keyof Operations[R]['answer']>(
    route: R,
    key: Key,
    given: Arguments<R>,
    options: CallOptions = {},
  ): Pages<Item<Operations[R]['answer'], Key>, Operations[R]['answer'] & object> {
    const fetchPage = (cursor?: string) => {
      const query = cursor === undefined ? given.query : { ...given.query, cursor };
      return this.request(route, { ...given, query } as Arguments<R>, options);
    };
    return new Pages(fetchPage as never, key as never);
  }

  /** Asks once whose key it is, if a workspace was named. */
  protected async checkWorkspace(): Promise<void> {
    if (this.workspaceId === null) return;
    this.#checked ??= this.#check(this.workspaceId).catch((error) => {
      this.#checked = null;
      throw error;
    });
    await this.#checked;
  }

  async #check(wanted: string): Promise<void> {
    const me = await this.transport.json<Operations['GET /v1/me']['answer']>({ route: 'GET /v1/me' });
    if (me?.workspace_id !== wanted) {
      throw new BellwireError(`the key is of workspace ${me?.workspace_id ?? 'unknown'}, not of ${wanted}`);
    }
  }
}
