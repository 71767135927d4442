/** The common rules as a form; each object of the list is a card, and what is wrong stands at its field. */
import { ActionIcon, Button, Menu, Text, Tooltip } from '@mantine/core';
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import type { ApiError } from '@/api/problem';
import { KINDS } from './draft';
import { RuleFields } from './rule-fields';
import type { Rule } from './words';

export interface RuleFormProps {
  rules: readonly Rule[];
  error: ApiError | null;
  onChange: (rules: Rule[]) => void;
}

export function RuleForm({ rules, error, onChange }: RuleFormProps) {
  const put = (index: number, rule: Rule) => onChange(rules.map((one, at) => (at === index ? rule : one)));
  const remove = (index: number) => onChange(rules.filter((_, at) => at !== index));
  const swap = (index: number, other: number) => {
    const next = [...rules];
    const [one, two] = [next[index], next[other]];
    if (!one || !two) return;
    next[index] = two;
    next[other] = one;
    onChange(next);
  };
  const whole =
    error?.fields.rules ?? (error && Object.keys(error.fields).length === 0 ? error.detail : undefined);
  return (
    <>
      {rules.length === 0 && (
        <Text c="dimmed" mb="sm">
          No rules: whatever is asked for, the line above decides.
        </Text>
      )}
      {rules.map((rule, index) => {
        const at = `rules[${index}]`;
        const own = ownFaults(error, at);
        return (
          <section
            key={at}
            className="bw-rule-card"
            aria-label={`Rule ${index}`}
            data-bad={isBad(error, at) || undefined}
          >
            <div className="bw-rule-head">
              <Text fw={600}>Rule {index}</Text>
              <span>
                <Small
                  label={`Move rule ${index} up`}
                  off={index === 0}
                  onClick={() => swap(index, index - 1)}
                >
                  <ArrowUp size={13} />
                </Small>
                <Small
                  label={`Move rule ${index} down`}
                  off={index === rules.length - 1}
                  onClick={() => swap(index, index + 1)}
                >
                  <ArrowDown size={13} />
                </Small>
                <Small label={`Remove rule ${index}`} onClick={() => remove(index)}>
                  <Trash2 size={13} />
                </Small>
              </span>
            </div>
            <RuleFields rule={rule} at={at} error={error} onChange={(next) => put(index, next)} />
            {own.map((fault) => (
              <p key={fault} className="bw-field-error" role="alert">
                {fault}
              </p>
            ))}
          </section>
        );
      })}
      {whole && (
        <p className="bw-field-error" role="alert">
          {whole}
        </p>
      )}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<Plus size={13} />}>
            Add a rule
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {KINDS.map(({ value, label, rule }) => (
            <Menu.Item key={value} onClick={() => onChange([...rules, structuredClone(rule)])}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Small({
  label,
  off = false,
  onClick,
  children,
}: {
  label: string;
  off?: boolean;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon size={22} aria-label={label} disabled={off} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function isBad(error: ApiError | null, at: string): boolean {
  return Object.keys(error?.fields ?? {}).some((field) => field === at || field.startsWith(`${at}.`));
}

/** Members that have a field of their own show their faults there. */
const PLACED = [
  'max_transaction_usd',
  'daily_cap_usd',
  'monthly_cap_usd',
  'require_approval_above_usd',
  'vendors',
  'categories',
  'hours',
  'when',
  'approval',
];

/** The faults of a rule that no field shows. */
function ownFaults(error: ApiError | null, at: string): string[] {
  return Object.entries(error?.fields ?? {}).flatMap(([field, detail]) => {
    if (field === at) return [detail];
    if (!field.startsWith(`${at}.`)) return [];
    const member = field.slice(at.length + 1);
    const placed = PLACED.some(
      (name) => member === name || member.startsWith(`${name}.`) || member.startsWith(`${name}[`),
    );
    return placed ? [] : [`${member} ${detail}`];
  });
}
