import { Button, Checkbox, Input, Select, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ApiError } from '@/api/problem';
import { fieldError } from '@/ui/problem-alert';
import { DAYS, type Rule } from './words';

interface FieldsProps {
  rule: Rule;
  /** The rule's path: `rules[2]`. */
  at: string;
  error: ApiError | null;
  onChange: (rule: Rule) => void;
}

const AMOUNTS: Record<string, string> = {
  max_transaction_usd: 'At most at once, USD',
  daily_cap_usd: 'At most a day, USD',
  monthly_cap_usd: 'At most a month, USD',
  require_approval_above_usd: 'Ask above, USD',
};

/** The members of one rule, each with the field that fits it. */
export function RuleFields({ rule, at, error, onChange }: FieldsProps) {
  const put = (name: string, value: unknown) => onChange({ ...rule, [name]: value });
  const asks =
    'require_approval_above_usd' in rule ||
    rule.then === 'require_approval' ||
    ('hours' in rule && !('then' in rule));
  return (
    <div className="bw-rule-fields">
      {Object.entries(rule).map(([name, value]) => {
        const path = `${at}.${name}`;
        const wrong = fieldError(error, path);
        if (name in AMOUNTS) {
          return (
            <TextInput
              key={name}
              label={AMOUNTS[name]}
              value={String(value)}
              onChange={(event) => put(name, event.currentTarget.value)}
              error={wrong}
              inputMode="decimal"
              autoComplete="off"
            />
          );
        }
        switch (name) {
          case 'vendors':
          case 'categories':
            return (
              <Names
                key={name}
                what={name}
                value={value}
                path={path}
                error={error}
                onChange={(next) => put(name, next)}
              />
            );
          case 'require_justification':
            return (
              <Text key={name} className="bw-rule-wide">
                Deny what has no description.
              </Text>
            );
          case 'hours':
            return (
              <Hours
                key={name}
                value={value}
                path={path}
                error={error}
                onChange={(next) => put(name, next)}
              />
            );
          case 'when':
            return (
              <Textarea
                key={name}
                className="bw-rule-wide"
                label="Condition (CEL)"
                description="Sees purchase, wallet, agent and spent; amounts are written usd(&quot;50&quot;)."
                value={String(value)}
                onChange={(event) => put(name, event.currentTarget.value)}
                error={wrong}
                autosize
                minRows={2}
                maxRows={8}
                spellCheck={false}
                classNames={{ input: 'bw-mono' }}
              />
            );
          case 'then':
            return <Then key={name} rule={rule} onChange={onChange} />;
          case 'approval':
            return (
              <Approval
                key={name}
                value={value}
                path={path}
                error={error}
                onChange={(next) => put(name, next)}
              />
            );
          default:
            return (
              <Text key={name} c="dimmed" className="bw-rule-wide">
                <code>{name}</code> is edited as JSON.
              </Text>
            );
        }
      })}
      {asks && !('approval' in rule) && (
        <div className="bw-rule-wide">
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => put('approval', { timeout: '15m', quorum: 1 })}
          >
            Say how people are asked
          </Button>
        </div>
      )}
    </div>
  );
}

interface PartProps {
  value: unknown;
  path: string;
  error: ApiError | null;
  onChange: (value: unknown) => void;
}

function record(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Without the members that say nothing. */
function put(value: unknown, name: string, next: unknown): Record<string, unknown> {
  const { [name]: _, ...rest } = record(value);
  return next === undefined ? rest : { ...rest, [name]: next };
}

function Names({ what, value, path, error, onChange }: PartProps & { what: string }) {
  const { allow, deny } = record(value);
  const label = what === 'vendors' ? 'vendors' : 'categories';
  return (
    <>
      <div className="bw-rule-wide">
        <TagsInput
          label={`Only these ${label}`}
          description={
            allow === undefined
              ? 'Left out: whatever is not denied.'
              : 'None but these, by name; * stands for any characters.'
          }
          value={texts(allow)}
          // An empty list would allow none; leaving it out is what an empty field means.
          onChange={(next) => onChange(put(value, 'allow', next.length === 0 ? undefined : next))}
          error={fieldError(error, `${path}.allow`)}
        />
      </div>
      <div className="bw-rule-wide">
        <TagsInput
          label={`Never these ${label}`}
          value={texts(deny)}
          onChange={(next) =>
            onChange(put(value, 'deny', next.length === 0 && allow !== undefined ? undefined : next))
          }
          error={fieldError(error, `${path}.deny`) ?? error?.fields[path]}
        />
      </div>
    </>
  );
}

function Hours({ value, path, error, onChange }: PartProps) {
  const { days, from, to, tz } = record(value);
  const chosen = days === undefined ? [...DAYS] : texts(days);
  const field = (name: string, label: string, of: unknown, placeholder: string): ReactNode => (
    <TextInput
      label={label}
      value={of === undefined ? '' : String(of)}
      placeholder={placeholder}
      onChange={(event) => onChange(put(value, name, event.currentTarget.value || undefined))}
      error={fieldError(error, `${path}.${name}`)}
      autoComplete="off"
    />
  );
  return (
    <>
      <Input.Wrapper
        label="Inside of these days and hours it may be bought"
        labelElement="div"
        className="bw-rule-wide"
        error={fieldError(error, `${path}.days`) ?? error?.fields[path]}
      >
        <div className="bw-rule-days">
          {DAYS.map((day) => (
            <Checkbox
              key={day}
              label={day}
              checked={chosen.includes(day)}
              onChange={() => {
                const next = DAYS.filter((one) =>
                  one === day ? !chosen.includes(day) : chosen.includes(one),
                );
                onChange(put(value, 'days', next.length === DAYS.length ? undefined : next));
              }}
            />
          ))}
        </div>
      </Input.Wrapper>
      {field('from', 'From', from, '09:00')}
      {field('to', 'To', to, '18:00')}
      {field('tz', 'Time zone', tz, 'UTC')}
    </>
  );
}

function Then({ rule, onChange }: { rule: Rule; onChange: (rule: Rule) => void }) {
  const words = [
    { value: 'deny', label: 'deny' },
    { value: 'require_approval', label: 'ask people' },
    ...('when' in rule ? [{ value: 'allow', label: 'allow' }] : []),
  ];
  return (
    <Select
      label={'when' in rule ? 'If it is met' : 'Outside of them'}
      data={words}
      value={String(rule.then)}
      allowDeselect={false}
      onChange={(then) => {
        if (then === null) return;
        // How people are asked goes with asking only.
        const { approval, ...rest } = rule;
        const keeps = then === 'require_approval' || 'require_approval_above_usd' in rule;
        onChange(approval !== undefined && keeps ? { ...rest, then, approval } : { ...rest, then });
      }}
    />
  );
}

function Approval({ value, path, error, onChange }: PartProps) {
  const { timeout, quorum, approvers, channels } = record(value);
  const some = (next: string[]) => (next.length === 0 ? undefined : next);
  return (
    <>
      <TextInput
        label="Wait for an answer"
        value={timeout === undefined ? '' : String(timeout)}
        placeholder="15m"
        onChange={(event) => onChange(put(value, 'timeout', event.currentTarget.value || undefined))}
        error={fieldError(error, `${path}.timeout`)}
        autoComplete="off"
      />
      <TextInput
        label="So many must agree"
        value={quorum === undefined ? '' : String(quorum)}
        placeholder="1"
        inputMode="numeric"
        onChange={(event) => {
          const text = event.currentTarget.value.trim();
          // What is no whole number goes as it is: the server says what is wrong with it.
          onChange(
            put(value, 'quorum', text === '' ? undefined : /^\d{1,6}$/.test(text) ? Number(text) : text),
          );
        }}
        error={fieldError(error, `${path}.quorum`) ?? error?.fields[path]}
        autoComplete="off"
      />
      <div className="bw-rule-wide">
        <TagsInput
          label="Only these people decide"
          placeholder={texts(approvers).length === 0 ? 'whoever may decide' : ''}
          value={texts(approvers)}
          onChange={(next) => onChange(put(value, 'approvers', some(next)))}
          error={fieldError(error, `${path}.approvers`)}
        />
      </div>
      <div className="bw-rule-wide">
        <TagsInput
          label="Asked through"
          placeholder={texts(channels).length === 0 ? 'every subscribed endpoint and integration' : ''}
          data={['webhook', 'slack', 'pagerduty', 'console']}
          value={texts(channels)}
          onChange={(next) => onChange(put(value, 'channels', some(next)))}
          error={fieldError(error, `${path}.channels`)}
        />
      </div>
    </>
  );
}
