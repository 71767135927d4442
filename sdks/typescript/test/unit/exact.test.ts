import { describe, expect, it } from 'vitest';
import { durationMs, waiting } from '../../src/api/events.js';
import { Pages } from '../../src/api/pages.js';
import { messages } from '../../src/api/stream.js';
import { decimal, parseJson } from '../../src/index.js';

describe('amounts', () => {
  it('keep every digit', () => {
    const text = `{"amount_usd":1850.00,"n":1850.00,"x":{"usd":0.000000001,"amountUsd" : -12.50},
      "list":[{"spent_usd":99999999999999999999.123456789},{"value":1.10}],"delta":{"value":1.10,"unit":"t"},
      "net_delta":-420.50,"netDelta":1e3,"a_usd":null,"b_usd":"1.0","c_usd":{"value":2}}`;
    expect(parseJson(text)).toEqual({
      amount_usd: '1850.00',
      n: 1850,
      x: { usd: '0.000000001', amountUsd: '-12.50' },
      list: [{ spent_usd: '99999999999999999999.123456789' }, { value: 1.1 }],
      delta: { value: '1.10', unit: 't' },
      net_delta: '-420.50',
      netDelta: '1e3',
      a_usd: null,
      b_usd: '1.0',
      c_usd: { value: 2 },
    });
  });

  it('stay as they were below details, which have a digest', () => {
    const text = `{"details":{"a_usd":1.50,"list":[{"b_usd":2}],"details":{"c_usd":3}},"d_usd":4.0,
      "approved_details":[{"e_usd":5}],"x":{"details":{"f_usd":6},"g_usd":7},"h_usd":8}`;
    expect(parseJson(text)).toEqual({
      details: { a_usd: 1.5, list: [{ b_usd: 2 }], details: { c_usd: 3 } },
      d_usd: '4.0',
      approved_details: [{ e_usd: 5 }],
      x: { details: { f_usd: 6 }, g_usd: '7' },
      h_usd: '8',
    });
    expect(parseJson('{"details":5,"a_usd":1}')).toEqual({ details: 5, a_usd: '1' });
    expect(parseJson('{"details":"{","a_usd":1}')).toEqual({ details: '{', a_usd: '1' });
  });

  it('are not seen in texts', () => {
    for (const value of ['"a_usd": 1', '{"a_usd": 1}', '\\', '\\"', '"a_usd\\": 1', '"', 'a_usd":1,"b_usd']) {
      const text = JSON.stringify({ before: value, a_usd: 'x', [`k${value}`]: value });
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }
  });

  it('do not make JSON of what is none', () => {
    const bad = [
      '{"a_usd":01}',
      '{"a_usd":1.}',
      '{"a_usd":.5}',
      '{"a_usd":+1}',
      '{"a_usd":1',
      '{"a_usd" 1}',
      '"a',
      '',
      '{"a_usd":1,}',
    ];
    for (const text of bad) expect(() => parseJson(text), text).toThrow(SyntaxError);
  });

  it('survive any JSON that has none of them', () => {
    let seed = 11;
    const dice = (sides: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return (seed >> 8) % sides;
    };
    const make = (depth: number): unknown => {
      const kind = dice(depth > 3 ? 4 : 6);
      if (kind === 0) return dice(1000) / 8;
      if (kind === 1) return ['', 'a"b', '\\', '_usd', '{', '\u2028', '"a_usd":5'][dice(7)];
      if (kind === 2) return dice(2) === 0;
      if (kind === 3) return null;
      if (kind === 4) return Array.from({ length: dice(4) }, () => make(depth + 1));
      const names = ['a', 'usd ', 'x"y', '\\', 'value', 'delta '];
      return Object.fromEntries(Array.from({ length: dice(4) }, () => [names[dice(6)], make(depth + 1)]));
    };
    for (let round = 0; round < 500; round += 1) {
      const value = make(0);
      expect(parseJson(JSON.stringify(value, null, dice(3)))).toEqual(value);
    }
  });

  it('reckon exactly', () => {
    expect(decimal.add('0.1', '0.2')).toBe('0.3');
    expect(decimal.add('999999999.999999999', '0.000000001')).toBe('1000000000.000000000');
    expect(decimal.subtract('1', '1.5')).toBe('-0.5');
    expect(decimal.subtract('12.50', '12.5')).toBe('0.00');
    expect(decimal.add('1e3', '1e-3')).toBe('1000.001');
    expect(['10', '9', '-1', '9.00'].sort(decimal.compare)).toEqual(['-1', '9', '9.00', '10']);
    expect(decimal.compare('1.0', '1')).toBe(0);
    for (const bad of ['', 'x', '1.2.3', 'NaN', '0x10', '1e9999'])
      expect(() => decimal.add(bad, '1')).toThrow(TypeError);
  });
});

describe('lists', () => {
  const three = (fetched: (string | undefined)[] = []) =>
    new Pages<number, { items: number[]; next_cursor: string | null }>(async (cursor) => {
      fetched.push(cursor);
      const at = Number(cursor ?? 0);
      return { items: at === 1 ? [] : [at * 10, at * 10 + 1], next_cursor: at < 2 ? String(at + 1) : null };
    }, 'items');

  it('are fetched page by page, over empty ones too, and no further than read', async () => {
    const all = [];
    for await (const item of three()) all.push(item);
    expect(all).toEqual([0, 1, 20, 21]);
    const fetched: (string | undefined)[] = [];
    expect(await three(fetched).first(2)).toEqual([0, 1]);
    expect(fetched).toEqual([undefined]);
    expect(await three().first(0)).toEqual([]);
    expect((await three().page('2')).items).toEqual([20, 21]);
  });
});

describe('streams', () => {
  it('are read however they are cut', async () => {
    const text = ': connected\n\nid: 1\nevent: a\ndata: x\ndata: ü\r\n\r\ndata:y\r\rid: 3\n\ndata: lost';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
          controller.close();
        },
      });
      const found = [];
      for await (const message of messages(body, 60_000)) found.push(message);
      expect(found, `in pieces of ${size}`).toEqual([
        { id: '1', event: 'a', data: 'x\nü' },
        { id: '1', event: 'message', data: 'y' },
      ]);
    }
  });

  it('and long polls get the time that the server may take', () => {
    expect(waiting('1m30s', {})).toEqual({ waitMs: 90_000 });
    expect(waiting('500ms', {})).toEqual({ waitMs: 500 });
    expect(waiting(undefined, {})).toEqual({});
    expect(waiting('30s', { timeoutMs: 5 })).toEqual({ timeoutMs: 5, waitMs: 30_000 });
    expect(['1d', '1h30m', '1', 'x', ''].map(durationMs)).toEqual([86_400_000, 5_400_000, null, null, null]);
  });
});
