import { beforeAll, describe, expect, inject, it } from 'vitest';
import {
  AdminClient,
  ApprovalCancelled,
  ApprovalNotGiven,
  ApprovalPending,
  ApprovalRequired,
  type api,
  BudgetExhausted,
  compare,
  Hold,
  HoldEnded,
  LimitExceeded,
  Policy,
  PolicyDenied,
  PolicyEngine,
  type Wallet,
  WalletFrozen,
  withHold,
} from '../support/all.js';
import { eventually, workspace } from '../support/scene.js';

let client: AdminClient;
beforeAll(async () => {
  ({ client } = await workspace());
});

const what = { vendor: 'openai', description: 'gpt-4o-mini' };
const same = (a: string | null | undefined, b: string) =>
  expect(compare(String(a), b), `${a} is ${b}`).toBe(0);

async function walletOf(budget: string, more: Partial<api.WalletForm> = {}): Promise<Wallet> {
  return client.wallet(await client.createWallet({ name: 'w', budget_usd: budget, ...more }));
}

describe('amounts', () => {
  it('come back with every digit, whichever way they went', async () => {
    const wallet = await walletOf('1000000.000000001');
    const purchase = await wallet.purchase({ ...what, amount_usd: '0.123456789' });
    same(purchase.amount_usd, '0.123456789');
    const { available_usd, budget_usd } = await wallet.balance();
    expect([available_usd, budget_usd]).toEqual(['999999.876543212', '1000000.000000001']);
    await eventually('it is told', async () => {
      const [event] = await client.listEvents({ type: 'purchase.succeeded' }).first(1);
      return event?.data.amount_usd === '0.123456789';
    });
  });
});

describe('a budget', () => {
  it('that is short is BudgetExhausted, with everything of the 402', async () => {
    const parent = await walletOf('5', { window: 'daily' });
    const wallet = await walletOf('100', { parent_id: parent.id });
    await wallet.purchase({ ...what, amount_usd: '4.00' });
    const error = await wallet.purchase({ ...what, amount_usd: '1.50' }).catch((one) => one);
    expect(error).toBeInstanceOf(BudgetExhausted);
    expect(error).toMatchObject({
      name: 'BudgetExhausted',
      status: 402,
      code: 'budget_exceeded',
      walletId: wallet.id,
      blockingWalletId: parent.id,
      resetsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00/),
      requestId: expect.stringMatching(/^req_/),
      detail: expect.stringContaining('1.00'),
    });
    same(error.budgetLimitUsd, '5');
    same(error.spentUsd, '4');
    same(error.heldUsd, '0');
    same(error.requestedUsd, '1.5');
    same(error.availableUsd, '1');
  });

  it('is spent once by one key, however often it is asked', async () => {
    const wallet = await walletOf('10');
    const ask = () => wallet.purchase({ ...what, amount_usd: '1' }, { idempotencyKey: 'the-same' });
    const ids = new Set((await Promise.all([ask(), ask(), ask(), ask(), ask()])).map((one) => one.id));
    expect(ids.size).toBe(1);
    same((await wallet.balance()).spent_usd, '1');
  });

  it('is read, listed, changed and given back', async () => {
    const wallet = await walletOf('10', { agent_id: 'scout' });
    const bought = await wallet.purchase({ ...what, amount_usd: '2', category: 'llm' });
    same((await client.refundPurchase(bought.id, { amount_usd: '0.5', reason: 'half' })).amount_usd, '0.5');
    const read = await client.getPurchase(bought.id);
    expect(read.refunds).toHaveLength(1);
    expect((await wallet.purchases().first(9)).map((one) => one.id)).toEqual([bought.id]);
    expect((await client.listPurchases({ agent_id: 'scout' }).first(9)).map((one) => one.id)).toEqual([
      bought.id,
    ]);
    same((await wallet.update({ budget_usd: '20', reason: 'more' })).budget_usd, '20');
    same((await client.getWallet(wallet.id)).available_usd, '18.5');
    expect((await client.listWallets({ agent_id: 'scout' }).first(9)).map((one) => one.id)).toEqual([
      wallet.id,
    ]);
    const query = { wallet_id: wallet.id };
    same(
      (await client.spendByVendor(query)).vendors?.[0]?.spent_usd ??
        (await client.spendByVendor(query)).total_usd,
      '1.5',
    );
    for (const split of [
      await client.spendByWallet(query),
      await client.spendByAgent(query),
      await client.spendByCategory(query),
    ]) {
      same(split.total_usd, '1.5');
    }
    expect((await client.spendTimeseries({ ...query, bucket: 'hour' })).bucket).toBe('hour');
    const csv = await client.text('GET /v1/spend/by-vendor', 'text/csv', { query });
    expect(csv.split('\n')[1]).toMatch(/openai/);
  });

  it('that is frozen, and a limit, say so', async () => {
    const wallet = await walletOf('10', { limits: { max_transaction_usd: '5' } });
    const over = await wallet.purchase({ ...what, amount_usd: '6' }).catch((one) => one);
    expect(over).toBeInstanceOf(LimitExceeded);
    expect(over).toMatchObject({ limitedWalletId: wallet.id, rule: 'max_transaction_usd' });
    await wallet.update({ status: 'frozen', reason: 'odd' });
    const frozen = await wallet.purchase({ ...what, amount_usd: '1' }).catch((one) => one);
    expect(frozen).toBeInstanceOf(WalletFrozen);
    expect(frozen).toMatchObject({ frozenWalletId: wallet.id, status: 423, reason: 'odd' });
  });

  it('names every fault of what cannot be', async () => {
    const error = await client.createWallet({ name: '', budget_usd: '-1' }).catch((one) => one);
    expect(error).toMatchObject({ name: 'Invalid', status: 422 });
    expect(error.errors.map((one: api.FieldError) => one.field).sort()).toEqual(['budget_usd', 'name']);
    await expect(client.getWallet('wal_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B')).rejects.toMatchObject({
      name: 'NotFound',
    });
    const stranger = new AdminClient({ apiKey: 'wrong', baseUrl: inject('url') });
    await expect(stranger.me()).rejects.toMatchObject({ name: 'Unauthorized', code: 'unauthorized' });
  });
});

describe('a hold', () => {
  it('is captured, in part, and the rest let go', async () => {
    const wallet = await walletOf('10');
    const hold = await wallet.hold({ amount_usd: '4', vendor: 'aws' });
    same((await wallet.balance()).held_usd, '4');
    same((await hold.capture('1.25')).captured_usd, '1.25');
    expect([hold.status, hold.record.status]).toEqual(['captured', 'captured']);
    same((await wallet.balance()).available_usd, '8.75');
    await expect(hold.void()).rejects.toThrow(HoldEnded);
    const failed = await wallet.hold({ amount_usd: '4', vendor: 'aws' });
    expect((await failed.fail('vendor_down', 'no answer')).status).toBe('failed');
    expect((await client.walletHolds(wallet.id).first(9)).map((one) => one.status)).toEqual([
      'failed',
      'captured',
    ]);
  });

  it('is voided when an exception leaves its scope', async () => {
    const wallet = await walletOf('10');
    let held = '';
    const work = async () => {
      await using hold = await wallet.hold({ amount_usd: '4', vendor: 'aws' });
      held = hold.id;
      throw new Error('the vendor failed');
    };
    await expect(work()).rejects.toThrow('the vendor failed');
    expect((await client.getHold(held)).status).toBe('voided');
    same((await wallet.balance()).available_usd, '10');
  });

  it('is left alone at the end of its scope once it ended', async () => {
    const wallet = await walletOf('10');
    {
      await using hold = await wallet.hold({ amount_usd: '4', vendor: 'aws' });
      await hold.capture();
    }
    {
      await using hold = await wallet.hold({ amount_usd: '1', vendor: 'aws' });
      await client.voidHold(hold.id);
    }
    same((await wallet.balance()).available_usd, '6');
  });

  it('is the same with withHold', async () => {
    const wallet = await walletOf('10');
    const hold = () => wallet.hold({ amount_usd: '4', vendor: 'aws' });
    await expect(
      withHold(hold(), () => {
        throw new Error('the vendor failed');
      }),
    ).rejects.toThrow('the vendor failed');
    expect(await withHold(hold(), async (one) => (await one.capture()).status)).toBe('captured');
    expect(await withHold(hold(), async (one) => (await one.void()).status)).toBe('voided');
    same((await wallet.balance()).spent_usd, '4');
    // Nobody said what becomes of it: it was done, and is counted in full.
    expect(await withHold(hold(), (one) => one.status)).toBe('held');
    same((await wallet.balance()).spent_usd, '8');
    same((await wallet.balance()).held_usd, '0');
    const small = wallet.hold({ amount_usd: '1', vendor: 'aws' });
    const elsewhere = withHold(small, (one) => client.voidHold(one.id));
    await expect(elsewhere).rejects.toThrow(HoldEnded);
    expect(await wallet.hold({ amount_usd: '1', vendor: 'aws' })).toBeInstanceOf(Hold);
  });

  it('keeps the first error when it cannot even be voided', async () => {
    const { key } = await workspace();
    const offline = { on: false };
    const flaky = ((url: string, init: RequestInit) =>
      offline.on ? Promise.reject(new TypeError('fetch failed')) : fetch(url, init)) as typeof fetch;
    const other = new AdminClient({ apiKey: key, baseUrl: inject('url'), fetch: flaky, retries: 0 });
    const made = await other.createWallet({ name: 'w', budget_usd: '9' });
    const work = withHold(other.wallet(made).hold({ amount_usd: '1', vendor: 'v' }), () => {
      offline.on = true;
      throw new Error('the first');
    });
    await expect(work).rejects.toThrow('the first');
  });
});

describe('a policy', () => {
  it('is saved, explained, tried against the past, and denies', async () => {
    const engine = new PolicyEngine(
      client,
      new Policy({ max_transaction_usd: '100', daily_cap_usd: '500' }, { name: 'p' }),
    );
    expect(() => engine.policyId).toThrow('not saved');
    const saved = await engine.save();
    expect(saved.version).toBe(1);
    const wallet = await walletOf('1000', { policy_id: saved.id });
    await wallet.purchase({ ...what, amount_usd: '60' });
    const denied = await wallet.purchase({ ...what, amount_usd: '200' }).catch((one) => one);
    expect(denied).toBeInstanceOf(PolicyDenied);
    expect(denied).toMatchObject({
      policyId: saved.id,
      policyVersion: 1,
      rule: 'max_transaction_usd',
      walletId: wallet.id,
      code: 'policy_denied',
    });
    expect(await engine.evaluate({ amount_usd: '200', vendor: 'aws' })).toMatchObject({ decision: 'deny' });
    const laxer = new Policy({ max_transaction_usd: '300' });
    expect(await engine.evaluate({ amount_usd: '200', vendor: 'aws' }, laxer)).toMatchObject({
      decision: 'allow',
    });
    const report = await engine.replay({ since: '1h' }, new Policy({ max_transaction_usd: '50' }));
    expect(report.requests).toBe(2);
    expect(report.flips).toHaveLength(1);
    expect((await engine.save(new Policy({ max_transaction_usd: '300' }, { name: 'p' }))).version).toBe(2);
    same((await wallet.purchase({ ...what, amount_usd: '200' })).amount_usd, '200');
    const again = new PolicyEngine(client, saved.id);
    expect((await again.save(new Policy([{ max_transaction_usd: '1' }], { name: 'q' }))).version).toBe(3);
    await expect(again.save()).rejects.toThrow('pass the policy');
    expect((await client.updatePolicy(saved.id, { name: 'r' })).name).toBe('r');
    expect((await client.policyVersions(saved.id).first(9)).map((one) => one.version)).toEqual([4, 3, 2, 1]);
    expect((await client.getPolicy(saved.id)).version).toBe(4);
    expect((await client.listPolicies().first(9)).map((one) => one.id)).toContain(saved.id);
    await wallet.update({ policy_id: null, reason: 'off' });
    await client.deletePolicy(saved.id);
  });

  it('that is saved again stays attached to whatever it was attached to', async () => {
    const attached = { agents: ['scout'], namespaces: ['customer-acme'] };
    const { id } = await client.createPolicy({ name: 'production', rules: [], ...attached });
    const engine = new PolicyEngine(client, id);
    const saved = await engine.save(new Policy({ max_transaction_usd: '4' }));
    expect(saved).toMatchObject({ version: 2, name: 'production', default: 'allow', ...attached });
    expect(saved.rules).toHaveLength(1);
    const moved = await engine.save(new Policy([], { name: 'other', default: 'deny', namespaces: [] }));
    expect(moved).toMatchObject({ name: 'other', default: 'deny', agents: ['scout'], namespaces: [] });
    const attachedElsewhere = { name: 'own', namespace: 'customer-b', namespaces: ['customer-b'] };
    const own = new PolicyEngine(client, new Policy([], attachedElsewhere));
    await own.save();
    expect(await own.save()).toMatchObject({ version: 1, namespace: 'customer-b' });
    await expect(own.save(new Policy([], { namespace: 'customer-c' }))).rejects.toThrow('cannot be changed');
    expect(await own.save(new Policy({ daily_cap_usd: '1' }))).toMatchObject({
      name: 'own',
      namespaces: ['customer-b'],
    });
  });

  it('that asks: the purchase waits, and comes about when it is approved', async () => {
    const policy = {
      name: 'a',
      rules: [{ require_approval_above_usd: '10', approval: { channels: ['console'] } }],
    };
    const { id } = await client.createPolicy(policy);
    const wallet = await walletOf('1000', { policy_id: id });
    const pending = await wallet.purchase({ ...what, amount_usd: '50' }).catch((one) => one);
    expect(pending).toBeInstanceOf(ApprovalRequired);
    expect(pending.answer.purchase.status).toBe('pending');
    await expect(client.waitForApproval(pending.approvalId, { wait: '1s' })).rejects.toThrow(ApprovalPending);
    await expect(client.waitForApproval(pending.approvalId, { wait: 'soon' })).rejects.toThrow(TypeError);
    same((await wallet.balance()).held_usd, '50');
    await client.cancelApproval(pending.approvalId, { reason: 'enough' });
    expect((await client.getPurchase(pending.purchaseId)).status).not.toBe('succeeded');
    const cancelled = await client.waitForApproval(pending.approvalId).catch((one) => one);
    expect(cancelled).toBeInstanceOf(ApprovalCancelled);
    expect(cancelled).toMatchObject({ approvalId: pending.approvalId, reason: 'enough' });
    const waits = wallet.purchase({ ...what, amount_usd: '40' }, { wait: true });
    const holds = wallet.hold({ amount_usd: '30', vendor: 'aws' }, { wait: '10m' });
    const asked = await eventually('both are asked', async () => {
      const all = await client.listApprovals({ status: 'pending' }).first(9);
      return all.length === 2 && all;
    });
    for (const one of asked) await client.decideApproval(one.id, { decision: 'approve', reason: 'fine' });
    expect((await waits).status).toBe('succeeded');
    const hold = await holds;
    expect(hold.status).toBe('held');
    expect((await hold.capture()).status).toBe('captured');
    const refused = wallet.purchase({ ...what, amount_usd: '20' }, { wait: true });
    refused.catch(() => undefined);
    const [last] = await eventually('it is asked', async () => {
      const all = await client.listApprovals({ status: 'pending' }).first(9);
      return all.length === 1 && all;
    });
    await client.decideApproval(String(last?.id), { decision: 'deny', reason: 'too dear' });
    await expect(refused).rejects.toMatchObject({
      name: 'ApprovalDenied',
      code: 'approval_denied',
      reason: 'too dear',
      approvalId: last?.id,
    });
    expect(await refused.catch((one) => one)).toBeInstanceOf(ApprovalNotGiven);
  });
});
