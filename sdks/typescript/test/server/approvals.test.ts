import express from 'express';
import { type Context, Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import { approvals as expressApprovals, webhook as expressWebhook } from '../../src/frameworks/express.js';
import { approvals as honoApprovals, webhook as honoWebhook } from '../../src/frameworks/hono.js';
import { approvals as nextApprovals, webhook as nextWebhook } from '../../src/frameworks/next.js';
import {
  type AdminClient,
  AlreadyDecided,
  type ApprovalOptions,
  type ApprovalRequest,
  ApprovalWebhook,
  actionDigest,
  DECISION_SCHEDULE,
  decide,
  MemoryStore,
  signWebhook,
} from '../../src/index.js';
import { eventually, receiver, serve, workspace } from '../support/scene.js';

let client: AdminClient;
beforeAll(async () => {
  ({ client } = await workspace());
});

type Handle = (request: Request) => Response | Promise<Response>;

/** Serves a handler of the Fetch API over HTTP, as Next, Hono and Workers do. */
const serveFetch = (handle: Handle) =>
  serve(async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const headers = Object.entries(incoming.headers).map(
      ([name, value]) => [name, String(value)] as [string, string],
    );
    const request = new Request(`http://h${incoming.url}`, {
      method: 'POST',
      headers,
      body: Buffer.concat(parts),
    });
    const answer = await Promise.resolve(handle(request)).catch(() => new Response(null, { status: 500 }));
    outgoing.writeHead(answer.status).end();
  });

/** An endpoint that asks whoever `serve`s at its address, and a question to it. */
async function ask(dialect: string, url: (secret: () => string) => Promise<string>, form = {}) {
  let secret = '';
  const target = await url(() => secret);
  const endpoint = await client.createWebhook({ url: target, events: ['approval.requested'], dialect });
  secret = String(endpoint.secret);
  const question = { title: 'Delete staging?', action: 'database.delete', details: { rows: 5 }, ...form };
  const asked = await client.requestApproval({ channels: [endpoint.id], ...question });
  return { endpoint, asked };
}

const ended = (id: string) =>
  eventually('it is decided', async () => {
    const found = await client.getApproval(id, { wait: '10s' });
    return found.status !== 'pending' && found;
  });

describe.each(['standard', 'paygraph', 'cloudevents', 'trovefiles', 'trove'])(
  'an approval in %s',
  (dialect) => {
    it('is verified, told apart and decided with the secret alone', async () => {
      const calls: ApprovalRequest[] = [];
      const { asked, endpoint } = await ask(dialect, (secret) =>
        serveFetch((request) =>
          ApprovalWebhook.handler({ secret: secret() }, async (approval) => {
            calls.push(approval);
            await approval.approve('fine');
          })(request),
        ),
      );
      const found = await ended(asked.id);
      expect(found).toMatchObject({
        status: 'approved',
        reason: 'fine',
        decided_by: [`endpoint:${endpoint.id}`],
      });
      expect(calls[0]).toMatchObject({
        approvalId: asked.id,
        title: 'Delete staging?',
        action: 'database.delete',
        details: { rows: 5 },
        transaction: null,
        actionDigest: asked.action_digest,
        callbackUrl: asked.callback_url,
      });
      const used = await client.consumeApproval(asked.id, { action_digest: asked.action_digest });
      expect(used.status).toBe('approved');
      await expect(
        client.consumeApproval(asked.id, { action_digest: asked.action_digest }),
      ).rejects.toMatchObject({
        code: 'already_consumed',
      });
      await client.deleteWebhook(endpoint.id);
    });
  },
);

describe('a handler', () => {
  it('that fails is asked again, and what it remembered is forgotten', async () => {
    let tries = 0;
    const { asked, endpoint } = await ask('paygraph', async (secret) => {
      const store = new MemoryStore();
      return serveFetch((request) =>
        ApprovalWebhook.handler({ secret: secret(), store }, async (approval) => {
          expect(await approval.isDuplicate()).toBe(false);
          tries += 1;
          if (tries === 1) throw new Error('Slack is away');
          await approval.deny('no');
        })(request),
      );
    });
    expect(await ended(asked.id)).toMatchObject({ status: 'denied', reason: 'no' });
    expect(tries).toBe(2);
    await client.deleteWebhook(endpoint.id);
  });

  it('is called once, however often and how much at once a delivery comes', async () => {
    const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const body = JSON.stringify({
      approval_id: 'apr_1',
      created_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 60_000).toISOString(),
      callback_url: 'http://h/',
      action_digest: 'x',
    });
    const headers = { ...(await signWebhook({ secret, id: 'evt_1', body })) };
    let [asked, seen, failing] = [0, 0, true];
    const handler = ApprovalWebhook.handler({ secret }, async (approval) => {
      seen += 1;
      if (await approval.isDuplicate()) return;
      await new Promise((resolve) => setImmediate(resolve));
      if (failing) {
        failing = false;
        throw new Error('the first time');
      }
      asked += 1;
    });
    const send = () =>
      handler(new Request('http://h/', { method: 'POST', headers, body })).then(
        (answer) => answer.status,
        () => 500,
      );
    expect((await Promise.all([send(), send(), send()])).sort()).toEqual([204, 204, 500]);
    expect(await send()).toBe(204);
    expect([asked, seen]).toEqual([1, 4]);
    const forged = new Request('http://h/', { method: 'POST', headers, body: `${body} ` });
    expect((await handler(forged)).status).toBe(401);
    const large = new Request('http://h/', { method: 'POST', headers, body: 'x'.repeat(1024 * 1024 + 1) });
    expect((await handler(large)).status).toBe(413);
    expect(seen).toBe(4);
  });

  it('decides with the secret that signed the question, whichever of them is live', async () => {
    const seen: string[] = [];
    let options: ApprovalOptions = { secret: '' };
    const url = await serveFetch((request) =>
      ApprovalWebhook.handler(options, async (approval) => {
        seen.push(approval.approvalId);
        await approval.approve('fine');
      })(request),
    );
    const endpoint = await client.createWebhook({ url, events: ['approval.requested'] });
    const { secret } = await client.rotateSecret(endpoint.id);
    await client.finishRotation(endpoint.id);
    const question = { title: '?', action: 'a.b', channels: [endpoint.id] };
    // The older one, which is over, comes first.
    options = { secret: [String(endpoint.secret), String(secret)] };
    expect(await ended((await client.requestApproval(question)).id)).toMatchObject({ status: 'approved' });
    await client.deleteWebhook(endpoint.id);

    const form = { url, events: ['approval.requested'], signing: 'ed25519' };
    const asymmetric = await client.createWebhook(form);
    options = { secret: [String(asymmetric.public_key), String(asymmetric.secret)] };
    const asked = await client.requestApproval({ ...question, channels: [asymmetric.id] });
    expect(await ended(asked.id)).toMatchObject({ status: 'approved' });
    expect(seen).toHaveLength(2);
    await client.deleteWebhook(asymmetric.id);
  });

  it('that is told that somebody else decided is done', async () => {
    let secret = '';
    const answers: number[] = [];
    const url = await serveFetch(async (request) => {
      const answer = await ApprovalWebhook.handler({ secret }, async (approval) => {
        await client.decideApproval(approval.approvalId, { decision: 'deny', reason: 'first' });
        await approval.approve('too late');
      })(request);
      answers.push(answer.status);
      return answer;
    });
    const endpoint = await client.createWebhook({ url, events: ['approval.requested'] });
    secret = String(endpoint.secret);
    const asked = await client.requestApproval({ title: '?', action: 'a.b', channels: [endpoint.id] });
    expect(await ended(asked.id)).toMatchObject({ status: 'denied', reason: 'first' });
    await eventually('it is answered', () => answers.length > 0);
    expect(answers).toEqual([204]);
    await client.deleteWebhook(endpoint.id);
  });

  it('is not done when another approval was decided', async () => {
    const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const other = await client.requestApproval({ title: '?', action: 'a.b', channels: ['console'] });
    await client.decideApproval(other.id, { decision: 'deny', reason: 'no' });
    const body = JSON.stringify({ approval_id: 'apr_1', expires_at: 'e', callback_url: 'http://h/' });
    const headers = { ...(await signWebhook({ secret, id: 'evt_1', body })) };
    const handler = ApprovalWebhook.handler({ secret }, () =>
      client.decideApproval(other.id, { decision: 'approve', reason: 'y' }),
    );
    const failed = handler(new Request('http://h/', { method: 'POST', headers, body }));
    await expect(failed).rejects.toThrow(AlreadyDecided);
  });

  it('sees details as they were asked, and can allow less of them', async () => {
    const details = {
      amount_usd: 12.5,
      pages: 10,
      list: [{ total_usd: 1 }],
      nested: { delta: { value: 2 } },
    };
    let seen: unknown;
    const { asked, endpoint } = await ask(
      'standard',
      (secret) =>
        serveFetch((request) =>
          ApprovalWebhook.handler({ secret: secret() }, async (approval) => {
            seen = approval.details;
            await approval.approve('less', { details: { ...approval.details, pages: 5 } });
          })(request),
        ),
      { details },
    );
    const found = await ended(asked.id);
    expect(seen).toEqual(details);
    expect(found).toMatchObject({
      status: 'approved',
      details,
      approved_details: { ...details, pages: 5 },
    });
    const { workspace_id: workspaceId } = await client.me();
    const digest = await actionDigest({ workspaceId, action: found.action, details: found.details });
    expect(digest).toBe(found.action_digest);
    const narrowed = { workspaceId, action: found.action, details: found.approved_details ?? {} };
    expect(await actionDigest(narrowed)).toBe(found.approved_digest);
    await client.deleteWebhook(endpoint.id);
  });

  it('allows less than was asked for', async () => {
    const policy = { name: 'a', rules: [{ require_approval_above_usd: '10' }] };
    const { id } = await client.createPolicy(policy);
    const wallet = client.wallet(await client.createWallet({ name: 'w', budget_usd: '1000', policy_id: id }));
    let options: ApprovalOptions = { secret: '' };
    let amount = '';
    const url = await serveFetch((request) =>
      ApprovalWebhook.handler(options, async (approval) => {
        amount = String(approval.transaction?.amount_usd);
        await approval.approve('half', { amountUsd: '25.50' });
      })(request),
    );
    const endpoint = await client.createWebhook({ url, events: ['approval.requested'], dialect: 'paygraph' });
    options = { secret: String(endpoint.secret) };
    const form = { amount_usd: '50.25', vendor: 'aws', description: 'gpu' };
    const purchase = await wallet.purchase(form, { wait: true });
    expect([purchase.status, purchase.captured_usd, amount]).toEqual(['succeeded', '25.50', '50.25']);
    await client.deleteWebhook(endpoint.id);
  });
});

describe('a decision', () => {
  const asked = async () => {
    const target = await receiver();
    const { endpoint, asked } = await ask('paygraph', async () => target.url);
    await eventually('it is delivered', () => target.seen.length > 0);
    const given = { secret: String(endpoint.secret), approvalId: asked.id, callbackUrl: asked.callback_url };
    return { ...given, endpointId: endpoint.id };
  };

  it('that comes second is AlreadyDecided, and says what counts', async () => {
    const given = await asked();
    const first = await decide({ ...given, decision: 'deny', reason: 'no' });
    expect(first.status).toBe('denied');
    expect((await decide({ ...given, decision: 'deny', reason: 'no' })).status).toBe('denied');
    const used = client.consumeApproval(given.approvalId, { action_digest: first.action_digest });
    await expect(used).rejects.toMatchObject({
      name: 'ApprovalDenied',
      code: 'approval_denied',
      approvalId: given.approvalId,
    });
    const error = await decide({ ...given, decision: 'approve', reason: 'yes' }).catch((one) => one);
    expect(error).toBeInstanceOf(AlreadyDecided);
    expect(error.approval).toMatchObject({ status: 'denied', reason: 'no' });
  });

  it('without a reason, or that is neither yes nor no, is not sent: it would count as a no', async () => {
    const given = await asked();
    let sent = 0;
    const counting = (async () => {
      sent += 1;
      return new Response('{}');
    }) as typeof fetch;
    for (const reason of ['', ' ', '\n\t\u00a0', '\u0085', undefined as never]) {
      const blank = decide({ ...given, decision: 'approve', reason, fetch: counting });
      await expect(blank).rejects.toThrow('`reason` must not be blank');
      const form = { decision: 'approve' as const, reason };
      await expect(client.decideApproval(given.approvalId, form)).rejects.toThrow(TypeError);
    }
    for (const decision of ['approved', 'yes', '', undefined] as never[]) {
      const odd = decide({ ...given, decision, reason: 'y', fetch: counting });
      await expect(odd).rejects.toThrow('`decision` must be');
    }
    for (const more of [{ amountUsd: 'lots' }, { callbackUrl: '' }, { callbackUrl: 'file:///x' }]) {
      const odd = decide({ ...given, decision: 'approve', reason: 'y', fetch: counting, ...more });
      await expect(odd).rejects.toThrow(TypeError);
    }
    expect(sent).toBe(0);
    expect((await client.getApproval(given.approvalId)).status).toBe('pending');
  });

  it('whose answer breaks off is sent again, and as late as the server asks', async () => {
    const given = await asked();
    const slept: number[] = [];
    const replies = [
      () => new Response('', { status: 408 }),
      () => new Response('', { status: 429, headers: { 'retry-after': '60' } }),
      () => new Response('<html>'),
      () => {
        const body = new ReadableStream({
          pull(controller) {
            controller.error(new TypeError('terminated'));
          },
        });
        return new Response(body);
      },
    ];
    const flaky = (async (url: string, init: RequestInit) =>
      replies.shift()?.() ?? fetch(url, init)) as typeof fetch;
    const sleep = async (ms: number) => void slept.push(ms);
    const decision = { ...given, decision: 'approve' as const, reason: 'y', fetch: flaky, sleep };
    expect((await decide(decision)).status).toBe('approved');
    expect(slept).toEqual([1000, 60_000, 30_000, 120_000]);
  });

  it('that does not get through is sent again on its schedule, each time signed anew', async () => {
    const given = await asked();
    const slept: number[] = [];
    let tries = 0;
    const flaky = (async (url: string, init: RequestInit) => {
      tries += 1;
      if (tries < 3) throw new TypeError('fetch failed');
      if (tries < 6) return new Response('', { status: 503 });
      return fetch(url, init);
    }) as typeof fetch;
    const sleep = async (ms: number) => void slept.push(ms);
    expect((await decide({ ...given, decision: 'approve', reason: 'y', fetch: flaky, sleep })).status).toBe(
      'approved',
    );
    expect(slept).toEqual(DECISION_SCHEDULE.map((seconds) => seconds * 1000));
    const never = (async () => new Response('', { status: 500 })) as typeof fetch;
    const lost = decide({ ...given, decision: 'approve', reason: 'y', fetch: never, sleep });
    await expect(lost).rejects.toMatchObject({ status: 500 });
  });

  it('with a wrong secret changes nothing, and is not tried again', async () => {
    const given = await asked();
    const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const wrong = await decide({ ...given, secret, decision: 'approve', reason: 'y' }).catch((one) => one);
    expect(wrong).toMatchObject({ name: 'Unauthorized', code: 'bad_signature' });
    expect(`${wrong.stack} ${JSON.stringify(wrong)}`).not.toContain('AAECAwQF');
    expect((await client.getApproval(given.approvalId)).status).toBe('pending');
  });
});

describe('frameworks', () => {
  const events: string[] = [];
  const take = (where: string) => (event: { type: string }) => void events.push(`${where} ${event.type}`);
  const yes = (approval: ApprovalRequest) => approval.approve('yes');

  async function works(name: string, start: (secret: () => string) => Promise<string>) {
    let secret = '';
    const url = await start(() => secret);
    const endpoint = await client.createWebhook({ url: `${url}/hook`, events: ['webhook.test', 'made.up'] });
    const deciding = await client.createWebhook({
      url: `${url}/approvals`,
      events: ['approval.requested'],
      dialect: 'paygraph',
    });
    secret = String(endpoint.secret);
    expect(await client.testWebhook(endpoint.id)).toMatchObject({ ok: true, status: 204 });
    expect(events.filter((event) => event === `${name} webhook.test`)).toHaveLength(1);
    secret = String(deciding.secret);
    expect(await client.testWebhook(endpoint.id)).toMatchObject({ ok: false, status: 401 });
    const asked = await client.requestApproval({ title: 't', action: 'a', channels: [deciding.id] });
    expect(await ended(asked.id)).toMatchObject({ status: 'approved', reason: 'yes' });
    await client.deleteWebhook(endpoint.id);
    await client.deleteWebhook(deciding.id);
  }

  it('Express', async () => {
    await works('express', async (secret) => {
      const app = express();
      const options = {
        get secret() {
          return secret();
        },
      };
      app.post('/hook', expressWebhook(options, take('express')));
      app.post('/approvals', (request, response, next) =>
        expressApprovals(options, yes)(request, response, next),
      );
      return serve(app);
    });
  });

  it('Express, behind express.raw, and not behind a parser', async () => {
    const app = express();
    const failures: unknown[] = [];
    const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    app.post('/raw', express.raw({ type: '*/*' }), expressWebhook({ secret }, take('raw')));
    app.post('/parsed', express.json(), expressWebhook({ secret }, take('parsed')));
    app.post(
      '/fails',
      expressWebhook({ secret }, () => Promise.reject(new Error('own fault'))),
    );
    app.use(((error, _request, response, _next) => {
      failures.push(error);
      response.status(500).end();
    }) as express.ErrorRequestHandler);
    const url = await serve(app);
    const body = JSON.stringify({ id: 'evt_1', type: 'a.b', timestamp: 'x', workspace_id: 'w', data: {} });
    const headers = {
      'content-type': 'application/json',
      ...(await signWebhook({ secret, id: 'evt_1', body })),
    };
    const send = async (path: string, text = body) =>
      (await fetch(url + path, { method: 'POST', headers, body: text })).status;
    expect(await send('/raw')).toBe(204);
    expect(await send('/raw', '{}')).toBe(401);
    expect([await send('/parsed'), await send('/fails')]).toEqual([500, 500]);
    expect(failures.map(String)).toEqual([expect.stringContaining('body parser'), 'Error: own fault']);
    expect(await send('/fails', 'x'.repeat(1024 * 1024 + 1))).toBe(413);
  });

  it('Hono', async () => {
    await works('hono', async (secret) => {
      type Environment = { Bindings: { SECRET: string } };
      const app = new Hono<Environment>();
      const options = { secret: (c: Context<Environment>) => c.env.SECRET };
      app.post('/hook', honoWebhook(options, take('hono')));
      app.post('/approvals', honoApprovals(options, yes));
      return serveFetch((request) => app.fetch(request, { SECRET: secret() }));
    });
  });

  it('Next', async () => {
    await works('next', async (secret) => {
      const routes: Record<string, () => Handle> = {
        '/hook': () => nextWebhook({ secret: secret() }, take('next')),
        '/approvals': () => nextApprovals({ secret: secret() }, yes),
      };
      return serveFetch(
        (request) =>
          routes[new URL(request.url).pathname]?.()(request) ?? new Response(null, { status: 404 }),
      );
    });
  });

  it('hand an event over once, if they are to remember', async () => {
    const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const body = JSON.stringify({ id: 'evt_1', type: 'a.b', timestamp: 'x', workspace_id: 'w', data: {} });
    const headers = { ...(await signWebhook({ secret, id: 'evt_1', body })) };
    let taken = 0;
    const handler = nextWebhook({ secret, store: new MemoryStore() }, () => {
      taken += 1;
      if (taken === 1) throw new Error('once');
    });
    const send = () =>
      handler(new Request('http://h/', { method: 'POST', headers, body })).then(
        (one) => one.status,
        () => 500,
      );
    expect((await Promise.all([send(), send(), send()])).sort()).toEqual([204, 204, 500]);
    expect(taken).toBe(2);
    const text = 'no JSON';
    const odd = {
      method: 'POST',
      headers: { ...(await signWebhook({ secret, id: 'evt_2', body: text })) },
      body: text,
    };
    expect((await handler(new Request('http://h/', odd))).status).toBe(400);
    // No secret is no forgery, but a fault of this side.
    const unset = nextWebhook({ secret: '' }, () => undefined);
    const sent = new Request('http://h/', { method: 'POST', headers, body });
    await expect(unset(sent)).rejects.toMatchObject({ code: 'bad_secret' });
    const few = new MemoryStore(2);
    expect(['a', 'b', 'c', 'a', 'a'].map((key) => few.add(key))).toEqual([true, true, true, true, false]);
  });
});
