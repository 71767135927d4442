import { describe, expect, it } from 'vitest';
import { SseParser } from '@/api/sse';

describe('server-sent events', () => {
  it('reads event, id and data', () => {
    expect(new SseParser().feed('id: evt_1\nevent: file.written\ndata: {"a":1}\n\n')).toEqual([
      { event: 'file.written', data: '{"a":1}', id: 'evt_1' },
    ]);
  });
  it('reads the same however the text is cut', () => {
    const text = ': hello\n\nid: 1\r\ndata: a\r\ndata: b\r\n\r\ndata:c\n\n';
    const whole = new SseParser().feed(text);
    const parser = new SseParser();
    expect([...text].flatMap((char) => parser.feed(char))).toEqual(whole);
    expect(whole.map(({ data, id }) => [data, id])).toEqual([
      ['a\nb', '1'],
      ['c', '1'],
    ]);
  });
  it('takes comments for heartbeats', () => {
    expect(new SseParser().feed(': ping\n\n: ping\n\n')).toEqual([]);
  });
  it('keeps half a message for later', () => {
    const parser = new SseParser();
    expect(parser.feed('data: x\n')).toEqual([]);
    expect(parser.feed('\n')).toHaveLength(1);
  });
});
