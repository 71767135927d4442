import { describe, expect, it } from 'vitest';
import { bodyWith, lineAt, placeOf, placesOf, printRules, readRules } from '@/features/policies/draft';
import { differences, plain, sentences } from '@/features/policies/words';

const say = (rule: string) => sentences(JSON.parse(rule)).map(plain);

describe('rules in sentences', () => {
  it('says what each rule does', () => {
    expect(say('{"max_transaction_usd": "2000", "daily_cap_usd": "5000.5"}')).toEqual([
      'Deny more than $2,000.00 at once',
      'Deny more than $5,000.50 a day',
    ]);
    expect(
      say('{"require_approval_above_usd": "1000", "approval": {"timeout": "15m", "quorum": 2}}'),
    ).toEqual(['Ask above $1,000.00 (2 people; within 15m)']);
    expect(say('{"vendors": {"allow": ["a", "b"], "deny": ["*.c"]}}')).toEqual([
      'Allow only a, b; deny *.c (vendors)',
    ]);
    expect(
      say(
        '{"hours": {"days": ["mon","tue","wed","thu","fri"], "from": "09:00", "to": "18:00"}, "then": "require_approval"}',
      ),
    ).toEqual(['Ask outside of Mon–Fri 09:00–18:00 UTC']);
    expect(say('{"when": "purchase.category == \\"\\"", "then": "deny"}')).toEqual([
      'Deny if purchase.category == ""',
    ]);
  });
});

describe('what a version changed', () => {
  const before = {
    name: 'a',
    default: 'allow',
    agents: ['x'],
    namespaces: [],
    rules: [{ max_transaction_usd: '5' }, { daily_cap_usd: '9' }] as never[],
  };
  it('tells lines that are gone and new, in order', () => {
    const after = {
      ...before,
      default: 'deny',
      agents: ['y'],
      rules: [
        { max_transaction_usd: '6' },
        { daily_cap_usd: '9' },
        { require_justification: true },
      ] as never[],
    };
    expect(differences(before, after).map(({ sign, text }) => `${sign} ${text}`)).toEqual([
      '~ Otherwise deny, was allow',
      '- Deny more than $5.00 at once',
      '+ Deny more than $6.00 at once',
      '+ Deny what has no description',
      '- Attached to agent x',
      '+ Attached to agent y',
    ]);
  });
  it('tells nothing of two that are the same', () => {
    expect(differences(before, { ...before })).toEqual([]);
  });
});

describe('the text that is edited', () => {
  it('keeps every digit of an amount, and what is none as text', () => {
    const text = printRules([{ daily_cap_usd: '123456789.123456789' }, { max_transaction_usd: '007' }]);
    expect(text).toContain('"daily_cap_usd": 123456789.123456789');
    expect(text).toContain('"max_transaction_usd": "007"');
    expect(readRules(text).rules).toEqual([
      { daily_cap_usd: '123456789.123456789' },
      { max_transaction_usd: '007' },
    ]);
    expect(bodyWith(text, { name: 'n', default: undefined })).toContain(
      '{"name":"n","rules":[\n  {\n    "daily_cap_usd": 123456789.123456789',
    );
  });
  it('leaves conditions alone', () => {
    const rules = [{ when: 'purchase.amount_usd > usd("1000.00")' }];
    expect(readRules(printRules(rules)).rules).toEqual(rules);
  });
  it('names the line where it cannot be read', () => {
    expect(readRules('[\n  {"a": 1},\n  {"b": }\n]')).toMatchObject({ rules: null, line: 3 });
    expect(readRules('{}')).toMatchObject({ rules: null, problem: 'Must be a list of objects' });
  });
  it('finds the place of a path', () => {
    const text =
      '[\n  {"a": "x]\\"{"},\n  {\n    "hours": {\n      "from": "9",\n      "days": ["mon", "x"]\n    }\n  }\n]';
    const places = placesOf(text);
    const line = (path: string) => lineAt(text, placeOf(places, path));
    expect(line('rules')).toBe(1);
    expect(line('rules[0].a')).toBe(2);
    expect(line('rules[1]')).toBe(3);
    expect(line('rules[1].hours.from')).toBe(5);
    expect(line('rules[1].hours.days[1]')).toBe(6);
    // What is missing is told where it should be.
    expect(line('rules[1].hours.to')).toBe(4);
    expect(line('rules[1].then')).toBe(3);
  });
});
