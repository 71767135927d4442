import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { AdminClient, type api, DIALECTS } from '../../src/index.js';
import { start } from '../support/program.js';
import { eventually, serve, workspace } from '../support/scene.js';

let client: AdminClient;
beforeAll(async () => {
  ({ client } = await workspace());
});

const SIGNING_SECRET = 'signing-secret-of-the-tests';

/** A Slack that keeps what it is told; the next so many calls fail. */
async function slack() {
  const calls: { method: string; body: Record<string, unknown> }[] = [];
  const state = { failing: 0 };
  const url = await serve(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    expect(request.headers.authorization).toBe('Bearer xoxb-test');
    const fails = state.failing > 0;
    if (fails) state.failing -= 1;
    else
      calls.push({
        method: String(request.url).slice('/api/'.length),
        body: JSON.parse(Buffer.concat(parts).toString()),
      });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(fails ? { ok: false, error: 'internal_error' } : { ok: true, ts: '1.1' }));
  });
  const env = {
    SLACK_API_URL: `${url}/api/`,
    SLACK_BOT_TOKEN: 'xoxb-test',
    SLACK_CHANNEL: 'C1',
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
  };
  return { calls, env, state };
}

/** An endpoint whose receiver is an example that knows its secret. */
async function example(
  by: AdminClient,
  file: string,
  path: string,
  form: api.EndpointForm,
  env: Record<string, string>,
) {
  const placeholder = 'https://example.com/not-started-yet';
  const made = await by.createWebhook({ ...form, url: placeholder });
  const url = await start(file, { SECRET: String(made.secret), ...env });
  return { url, endpoint: await by.updateWebhook(made.id, { url: url + path }) };
}

describe('receiver.ts', () => {
  it('announces reports, and nothing else, and nothing that is not signed', async () => {
    const { calls, env, state } = await slack();
    // To post built-in types takes a permission that the owner has.
    const owner = new AdminClient({ apiKey: inject('ownerKey'), baseUrl: inject('url') });
    const form = { events: ['file.*', 'exec.*'], dialect: 'trovefiles', retry: { schedule: ['1s'] } };
    const { url, endpoint } = await example(owner, 'receiver.ts', '/hook', form, env);
    const sample = (await owner.getEventType('file.written')).example ?? {};
    const write = (path: string) =>
      owner.postEvent({ type: 'file.written', namespace: 'customer-acme', data: { ...sample, path } });
    await write('notes/today.md');
    state.failing = 1;
    await write('reports/q3.md');
    await eventually('the report is announced at the second attempt', () => calls.length > 0);
    expect(calls).toEqual([
      {
        method: 'chat.postMessage',
        body: { channel: 'C1', text: 'Report ready for customer-acme: reports/q3.md' },
      },
    ]);
    await eventually('both are delivered', async () => {
      const all = await owner.webhookDeliveries(endpoint.id, { type: 'file.written' }).first(9);
      return all.length === 2 && all.every((one) => one.status === 'success');
    });
    const forged = await fetch(`${url}/hook`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-trove-signature': 't=1,v1=0' },
    });
    expect(forged.status).toBe(401);
    expect((await fetch(`${url}/hook`, { method: 'POST', body: '{}' })).status).toBe(401);
    await owner.deleteWebhook(endpoint.id);
  });
});

describe('approval-handler.ts', () => {
  it('asks in Slack once, and decides on the first click of an approver', async () => {
    const { calls, env, state } = await slack();
    state.failing = 1;
    const form = { events: ['approval.requested'], dialect: 'paygraph' };
    const approvers = { ...env, APPROVERS: 'U1,U2' };
    const { url, endpoint } = await example(client, 'approval-handler.ts', '/approvals', form, approvers);
    const question = {
      title: 'Delete <staging> & more?',
      action: 'database.delete',
      channels: [endpoint.id],
    };
    const asked = await client.requestApproval(question);
    await eventually('it is asked at the second attempt', () => calls.length > 0);
    expect(JSON.stringify(calls[0])).toContain('Delete &lt;staging&gt; &amp; more?');
    const [delivery] = await client.webhookDeliveries(endpoint.id).first(1);
    const settled = () =>
      eventually(
        'it is delivered',
        async () => (await client.getDelivery(String(delivery?.id))).status === 'success',
      );
    await settled();
    await client.retryDelivery(String(delivery?.id));
    await settled();
    expect(calls).toHaveLength(1);

    const click = async (user: string, action: string, secret = SIGNING_SECRET) => {
      const payload = {
        user: { id: user },
        channel: { id: 'C1' },
        message: { ts: '1.1' },
        actions: [{ action_id: action, value: asked.id }],
      };
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const time = String(Math.floor(Date.now() / 1000));
      const signature = createHmac('sha256', secret).update(`v0:${time}:${body}`).digest('hex');
      const headers = { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature}` };
      return (await fetch(`${url}/slack`, { method: 'POST', headers, body })).status;
    };
    expect(await click('U1', 'approve', 'another')).toBe(401);
    expect(await click('UMALLORY', 'approve')).toBe(200);
    expect((await client.getApproval(asked.id)).status).toBe('pending');
    expect(await Promise.all([click('U1', 'approve'), click('U2', 'deny'), click('U1', 'approve')])).toEqual([
      200, 200, 200,
    ]);
    const decided = await client.getApproval(asked.id);
    expect(decided.decided_by).toEqual([`endpoint:${endpoint.id}`]);
    const updates = calls.filter((call) => call.method === 'chat.update');
    expect(updates).toHaveLength(3);
    for (const { body } of updates) {
      expect(body.text).toMatch(new RegExp(`${decided.status}: clicked in Slack by U[12]$`));
      expect(JSON.stringify(body.blocks)).not.toContain('button');
    }
  });
});

describe('verify-hmac.mjs', () => {
  it.each(DIALECTS.map((dialect) => [dialect]))('accepts %s, and nothing forged', async (dialect) => {
    const form = { events: ['webhook.test', 'forged.thing'], dialect, retry: { preset: 'none' } };
    const { endpoint, url } = await example(client, 'verify-hmac.mjs', '/', form, { DIALECT: dialect });
    expect(await client.testWebhook(endpoint.id)).toMatchObject({ ok: true, status: 204 });
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
    const [delivery] = await client.webhookDeliveries(endpoint.id).first(1);
    const sent = (await client.getDelivery(String(delivery?.id))).request;
    if (!sent) throw new Error('it was sent');
    const { host: _host, 'content-length': _length, ...headers } = sent.headers;
    const again = (body: string) =>
      fetch(url, { method: 'POST', headers, body }).then((answer) => answer.status);
    expect(await again(String(sent.body))).toBe(204);
    expect(await again(`${sent.body} `)).toBe(401);
    // While two secrets are live, the older one, which this receiver knows, goes on verifying.
    await client.rotateSecret(endpoint.id);
    expect(await client.testWebhook(endpoint.id)).toMatchObject({ ok: true, status: 204 });
    await client.finishRotation(endpoint.id);
    await eventually(
      'the older secret is over',
      async () => (await client.testWebhook(endpoint.id)).status === 401,
    );
    await client.deleteWebhook(endpoint.id);
  });
});
