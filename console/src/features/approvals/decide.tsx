/**
 * Saying yes or no, with a reason. What is asked for is live: a question that ended meanwhile cannot be answered any
 * more. A body that the server cannot understand denies, so nothing is sent that is not whole.
 */
import { Button, Group, Modal, Text, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useGet, useWrite } from '@/api/hooks';
import { useApi } from '@/api/scope';
import { FocusNow } from '@/ui/dialog';
import { Facts } from '@/ui/facts';
import { parseUsd, usdText } from '@/ui/nanos';
import { useNow } from '@/ui/now';
import { fieldError, ProblemAlert } from '@/ui/problem-alert';
import { StatusBadge } from '@/ui/status';
import { Countdown } from '@/ui/time';
import { type Approval, asker, money, question, subject, usd, who } from './words';

export type Verdict = 'approve' | 'deny';

interface DecisionBody {
  decision: Verdict;
  reason: string;
  amount_usd?: string;
  details?: unknown;
}

export interface DecideProps {
  approval: Approval;
  verdict: Verdict;
  onDone: (approval: Approval) => void;
  onClose: () => void;
}

export function Decide({ approval: given, verdict, onDone, onClose }: DecideProps) {
  const api = useApi();
  const live = useGet('/v1/approvals/{approval_id}', {
    topics: ['approvals'],
    params: { path: { approval_id: given.id } },
  });
  const approval = live.data ?? given;
  const asked = usd(approval.transaction?.amount_usd);
  const [reason, setReason] = useState('');
  const [amount, setAmount] = useState(asked ?? '');
  const [details, setDetails] = useState<string | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const write = useWrite(
    (body: DecisionBody) => api.raw<Approval>('POST', `/v1/approvals/${approval.id}`, { body }),
    {
      topics: ['approvals'],
      quiet: true,
      said: (decided) =>
        decided.status === 'pending'
          ? `Noted: ${question(decided)} needs ${decided.quorum} to agree`
          : `${decided.status === 'approved' ? 'Approved' : 'Denied'}: ${question(decided)}`,
      done: onDone,
    },
  );
  const late = useNow() >= new Date(approval.expires_at).getTime();
  const over = approval.status !== 'pending' || late;
  const { why } = subject(approval);

  // What is typed again is not wrong any more, as far as is known.
  const mend = (field: string) => {
    setWrong(({ [field]: _, ...rest }) => rest);
    if (write.error) write.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (over || write.isPending) return;
    const read = bodyOf({ verdict, reason, amount, asked, details });
    setWrong(read.wrong);
    if (read.body) write.mutate(read.body);
  };

  return (
    <Modal
      opened
      onClose={onClose}
      title={`${verdict === 'approve' ? 'Approve' : 'Deny'}: ${question(approval)}`}
      size="md"
      // The queue says where the focus goes: to the next question.
      returnFocus={false}
    >
      <form onSubmit={submit}>
        <Facts
          facts={[
            ['Agent', asker(approval)],
            [approval.transaction ? 'Why' : 'Action', why],
            ['Asked by rule', approval.policy ? <code key="rule">{approval.policy.rule}</code> : null],
            [
              'Agreed so far',
              approval.quorum > 1 && live.data
                ? `${live.data.votes.length} of ${approval.quorum}${live.data.votes.map(({ approver }) => `, ${who(approver)}`).join('')}`
                : null,
            ],
            [
              'Time left',
              over ? (
                <StatusBadge
                  key="left"
                  status={approval.status === 'pending' ? 'expired' : approval.status}
                />
              ) : (
                <Countdown key="left" until={approval.expires_at} />
              ),
            ],
          ]}
        />
        {over && (
          <Text role="status" mt="sm" fw={600}>
            {approval.status === 'pending' || approval.status === 'expired'
              ? 'The time is up: silence is a no.'
              : `It has ended meanwhile: ${approval.status}${approval.decided_by.length > 0 ? ` by ${approval.decided_by.map(who).join(', ')}` : ''}.`}
          </Text>
        )}
        <TextInput
          mt="md"
          label="Reason"
          description="Kept in the audit log, and told to whoever asked."
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
            mend('reason');
          }}
          error={wrong.reason ?? fieldError(write.error, 'reason')}
          maxLength={2_000}
          data-autofocus
          autoComplete="off"
          disabled={over}
        />
        {verdict === 'approve' && asked !== null && (
          <TextInput
            mt="sm"
            label="Allow at most, in USD"
            description={`Asked for ${money(asked)}: the same or less.`}
            value={amount}
            onChange={(event) => {
              setAmount(event.currentTarget.value);
              mend('amount_usd');
            }}
            error={wrong.amount_usd ?? fieldError(write.error, 'amount_usd')}
            inputMode="decimal"
            autoComplete="off"
            disabled={over}
          />
        )}
        {verdict === 'approve' && asked === null && Object.keys(approval.details).length > 0 && (
          <Narrower
            id={approval.id}
            value={details}
            onChange={(value) => {
              setDetails(value);
              mend('details');
            }}
            error={wrong.details ?? fieldError(write.error, 'details')}
          />
        )}
        {write.error && Object.keys(write.error.fields).length === 0 && (
          <div className="bw-decide-problem">
            <ProblemAlert error={write.error} />
          </div>
        )}
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={onClose}>
            {over ? 'Close' : 'Cancel'}
          </Button>
          {!over && (
            <Button type="submit" color={verdict === 'deny' ? 'red' : undefined} loading={write.isPending}>
              {verdict === 'approve' ? 'Approve' : 'Deny'}
            </Button>
          )}
        </Group>
      </form>
      <FocusNow />
    </Modal>
  );
}

/** Allowing less than was asked for, where it is not about money: the same details with something taken out. */
function Narrower({
  id,
  value,
  onChange,
  error,
}: {
  id: string;
  value: string | null;
  onChange: (value: string) => void;
  error: string | undefined;
}) {
  const api = useApi();
  if (value === null) {
    // The details as they are on the wire: elsewhere amounts are text, and text is another value than a number.
    const open = async () => {
      const response = await api.fetch(`/v1/approvals/${id}`);
      const { details } = (await response.json()) as { details: unknown };
      onChange(JSON.stringify(details, null, 2));
    };
    return (
      <Button mt="sm" variant="subtle" onClick={() => void open()}>
        Allow less than this
      </Button>
    );
  }
  return (
    <Textarea
      mt="sm"
      label="Allow these details"
      description="The same members: whole numbers may be lowered, elements of lists taken out."
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      autosize
      minRows={3}
      maxRows={12}
      spellCheck={false}
      classNames={{ input: 'bw-mono' }}
    />
  );
}

interface Typed {
  verdict: Verdict;
  reason: string;
  amount: string;
  asked: string | null;
  details: string | null;
}

/** What is sent, or what is wrong with it. */
export function bodyOf({ verdict, reason, amount, asked, details }: Typed): {
  body: DecisionBody | null;
  wrong: Record<string, string>;
} {
  const wrong: Record<string, string> = {};
  const body: DecisionBody = { decision: verdict, reason: reason.trim() };
  if (body.reason === '') wrong.reason = 'Say why: a decision without a reason is a no.';
  if (verdict === 'approve' && asked !== null) {
    const limit = parseUsd(asked) ?? 0n;
    const nanos = parseUsd(amount.replaceAll(/[$\s]/g, ''));
    if (nanos === null || nanos <= 0n) wrong.amount_usd = 'An amount in dollars, such as 1200.00.';
    else if (nanos > limit) wrong.amount_usd = `At most what was asked for, ${money(asked)}.`;
    else if (nanos < limit) body.amount_usd = usdText(nanos);
  }
  if (verdict === 'approve' && details !== null) {
    try {
      body.details = JSON.parse(details);
    } catch (problem) {
      wrong.details = problem instanceof Error ? problem.message : 'This is no JSON.';
    }
  }
  return { body: Object.keys(wrong).length === 0 ? body : null, wrong };
}
