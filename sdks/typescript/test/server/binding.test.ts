import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient, actionDigest, canonical, ReceiptError, verifyReceipt } from '../../src/index.js';
import { workspace } from '../support/scene.js';

// RFC 8785, appendix B.
const NUMBERS: [string, string][] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af6', '1e+23'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
];

let client: AdminClient;
beforeAll(async () => {
  ({ client } = await workspace());
});

describe('the form of RFC 8785', () => {
  it.each(NUMBERS)('writes the double %s as %s', (bits, text) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(`0x${bits}`));
    expect(canonical(view.getFloat64(0))).toBe(text);
  });

  it('sorts names by UTF-16', () => {
    const value = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\x80': 6, ö: 7 };
    expect(canonical(value)).toBe('{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2n ** 53n, '\ud800', undefined, () => 1])(
    'refuses what not all write alike: %s',
    (value) => expect(() => canonical({ value: [value] })).toThrow(TypeError),
  );
});

const ACTIONS = [
  { action: 'a.b' },
  { agentId: 'agt_7', action: 'a.b', details: { rows: 12, share: 0.1, ö: ['€', null], at: new Date(0) } },
  { action: 'a.b', details: { z: { b: 1e21, a: -0.5 }, '😀': true, big: 2 ** 53 - 1, small: 1e-7 } },
];

describe('an approval', () => {
  it.each(ACTIONS)('is bound to the digest that the server makes: %j', async (action) => {
    const { agentId, details } = action as { agentId?: string; details?: Record<string, unknown> };
    const asked = await client.requestApproval({
      title: '?',
      channels: ['console'],
      action: action.action,
      ...(agentId ? { agent_id: agentId } : {}),
      ...(details ? { details } : {}),
    });
    const { workspace_id } = await client.me();
    const digest = await actionDigest({ workspaceId: workspace_id, ...action });
    expect(digest).toBe(asked.action_digest);
    await client.decideApproval(asked.id, { decision: 'approve', reason: 'fine' });
    await client.consumeApproval(asked.id, { action_digest: digest });
  });

  it('has a receipt that is checked offline', async () => {
    const asked = await client.requestApproval({ title: '?', action: 'a.b', channels: ['console'] });
    await client.decideApproval(asked.id, { decision: 'approve', reason: 'fine' });
    const receipt = String((await client.getApproval(asked.id)).receipt);
    const [key] = (await client.publicKeys()).keys.map((one) => one.public_key);
    if (!key) throw new Error('no public key');
    expect(await verifyReceipt(receipt, key)).toMatchObject({
      approval_id: asked.id,
      status: 'approved',
      action_digest: asked.action_digest,
    });
    const [header, body = '', signature] = receipt.split('.');
    const changed = btoa(atob(body.replaceAll('-', '+').replaceAll('_', '/')).replace('a.b', 'a.c'))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
    const none = btoa('{"alg":"none"}').replaceAll('=', '');
    const wrong = [
      `${header}.${changed}.${signature}`,
      `${none}.${body}.`,
      `${header}.${body}`,
      'x',
      'é.é.é',
      receipt.slice(5),
    ];
    for (const one of wrong) await expect(verifyReceipt(one, key)).rejects.toThrow(ReceiptError);
    for (const other of ['', 'whpk_x', `whpk_${btoa('x'.repeat(32))}`]) {
      await expect(verifyReceipt(receipt, other)).rejects.toThrow(ReceiptError);
    }
  });
});
