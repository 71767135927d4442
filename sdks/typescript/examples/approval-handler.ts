/**
 * Asks a person in Slack whether an agent may do something, and passes the answer on.
 *
 *   SECRET=whsec_… SLACK_BOT_TOKEN=xoxb-… SLACK_SIGNING_SECRET=… SLACK_CHANNEL=C… APPROVERS=U1,U2 \
 *     node approval-handler.js 4802
 *
 * SECRET is that of an endpoint with `"dialect": "paygraph", "events": ["approval.requested"]` at
 * /approvals; in the Slack app, interactivity points to /slack. Decisions are signed with the same secret:
 * no key is needed. What was asked is remembered in this process; keep it in a table to survive a restart.
 */
import { AlreadyDecided, type ApprovalRequest, verifySignature, WebhookSignatureError } from 'bellwire';
import { approvals } from 'bellwire/express';
import express from 'express';

const { SECRET = '', SLACK_BOT_TOKEN = '', SLACK_SIGNING_SECRET = '', SLACK_CHANNEL = '' } = process.env;
const SLACK = process.env.SLACK_API_URL ?? 'https://slack.com/api/';
const APPROVERS = (process.env.APPROVERS ?? '').split(',');

const asked = new Map<string, ApprovalRequest>();

async function slack(method: string, message: object): Promise<void> {
  const headers = { authorization: `Bearer ${SLACK_BOT_TOKEN}`, 'content-type': 'application/json' };
  const answer = await fetch(SLACK + method, { method: 'POST', headers, body: JSON.stringify(message) });
  const said = (await answer.json()) as { ok: boolean; error?: string };
  if (!said.ok) throw new Error(`Slack: ${said.error}`);
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const button = (action: string, style: string, value: string) => {
  const text = { type: 'plain_text', text: action === 'approve' ? 'Approve' : 'Deny' };
  return { type: 'button', action_id: action, style, text, value };
};

function question({ title, transaction, expiresAt }: ApprovalRequest): string {
  const what = transaction ? `$${transaction.amount_usd} to ${transaction.vendor}` : (title ?? 'Something');
  return `*${escaped(what)}*\nuntil ${expiresAt}`;
}

const app = express();

// What is thrown here is answered with 500: asked again at the next attempt.
const ask = approvals({ secret: SECRET }, async (approval) => {
  if (await approval.isDuplicate()) return;
  const id = approval.approvalId;
  asked.set(id, approval);
  const buttons = [button('approve', 'primary', id), button('deny', 'danger', id)];
  const blocks = [section(question(approval)), { type: 'actions', elements: buttons }];
  await slack('chat.postMessage', { channel: SLACK_CHANNEL, text: question(approval), blocks });
});
app.post('/approvals', ask);

interface Click {
  user: { id: string };
  channel: { id: string };
  message: { ts: string };
  actions: { action_id: string; value: string }[];
}

/** What was decided, which may be what somebody else said before. */
async function decide(approval: ApprovalRequest, action: string, user: string) {
  const reason = `clicked in Slack by ${user}`;
  try {
    return await (action === 'approve' ? approval.approve(reason) : approval.deny(reason));
  } catch (error) {
    if (error instanceof AlreadyDecided && error.approval) return error.approval;
    throw error;
  }
}

app.post('/slack', express.raw({ type: '*/*' }), async (request, response) => {
  const given = { secret: SLACK_SIGNING_SECRET, body: request.body, headers: request.headers };
  try {
    await verifySignature({ scheme: 'slack', ...given });
  } catch (error) {
    if (!(error instanceof WebhookSignatureError)) throw error;
    response.status(401).end();
    return;
  }
  const form = new URLSearchParams(request.body.toString('utf8'));
  const click = JSON.parse(form.get('payload') ?? '{}') as Click;
  const action = click.actions[0];
  const approval = asked.get(action?.value ?? '');
  if (action && approval && APPROVERS.includes(click.user.id)) {
    const { status, reason } = await decide(approval, action.action_id, click.user.id);
    const text = `${question(approval)}\n${status}: ${reason}`;
    const message = { channel: click.channel.id, ts: click.message.ts, text, blocks: [section(text)] };
    await slack('chat.update', message);
  }
  response.status(200).end();
});

const server = app.listen(Number(process.argv[2] ?? 4802), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as { port: number }).port}`);
});
