import { describe, expect, it } from 'vitest';
import { inside } from '@/app/inside';
import { fields, flag, oneOf, readFields, text } from '@/app/search';
import { curl, shellQuote } from '@/ui/origin';

describe('what a URL says', () => {
  const given = fields({ type: text(), status: oneOf('failed', 'success'), replay: flag() });
  it('reads the fields that a page has, and its cursors', () => {
    expect(
      readFields(given, { type: 'a.*', status: 'failed', replay: '1', cursor: 'c.1', other: 'x' }),
    ).toEqual({
      type: 'a.*',
      status: 'failed',
      replay: true,
      cursor: 'c.1',
    });
  });
  it('takes what it does not know as absent', () => {
    expect(readFields(given, { status: 'nonsense', replay: 'no', type: '' })).toEqual({});
  });
  it('goes only to places of the console after the login', () => {
    expect(inside('/events?type=a')).toBe('/events?type=a');
    for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', '/login', undefined]) {
      expect(inside(bad)).toBe('/');
    }
  });
});

describe('commands to paste', () => {
  it('quotes for a shell', () => {
    expect(shellQuote("it's")).toBe(`'it'\\''s'`);
  });
  it('names this server and the method', () => {
    const command = curl('/v1/events', { body: { type: 'a.b' } });
    expect(command).toContain(`-X POST ${window.location.origin}/v1/events`);
    expect(command).toContain(`-d '{"type":"a.b"}'`);
  });
});
