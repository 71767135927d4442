/**
 * Receives deliveries, verifies them, and reacts: a report that an agent wrote is announced in Slack.
 *
 *   SECRET=whsec_… SLACK_BOT_TOKEN=xoxb-… SLACK_CHANNEL=C… node receiver.js 4801
 *
 * SECRET is that of an endpoint with `"dialect": "trovefiles", "events": ["file.*", "exec.*"]` at /hook.
 */
import { verifyWebhook, type WebhookEvent, WebhookSignatureError } from 'bellwire';
import express from 'express';

const { SECRET = '', SLACK_BOT_TOKEN = '', SLACK_CHANNEL = '' } = process.env;
const SLACK = process.env.SLACK_API_URL ?? 'https://slack.com/api/';

async function post(text: string): Promise<void> {
  const headers = { authorization: `Bearer ${SLACK_BOT_TOKEN}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ channel: SLACK_CHANNEL, text });
  const answer = await fetch(`${SLACK}chat.postMessage`, { method: 'POST', headers, body });
  const said = (await answer.json()) as { ok: boolean; error?: string };
  if (!said.ok) throw new Error(`Slack: ${said.error}`);
}

async function react(event: WebhookEvent): Promise<void> {
  if (event.is('file.written') && event.data.path.startsWith('reports/')) {
    await post(`Report ready for ${event.namespace}: ${event.data.path}`);
  }
  if (event.is('exec.completed') && event.data.exit_code !== 0) {
    console.log(`failed: ${event.data.command}`);
  }
}

const app = express();

app.post('/hook', express.raw({ type: '*/*' }), async (request, response) => {
  try {
    const signatureHeader = request.get('X-Trove-Signature');
    const event = await verifyWebhook({ secret: SECRET, body: request.body, signatureHeader });
    await react(event);
    response.status(204).end();
  } catch (error) {
    // What is not signed is nobody's; what failed here comes again.
    response.status(error instanceof WebhookSignatureError ? 401 : 503).end();
  }
});

const server = app.listen(Number(process.argv[2] ?? 4801), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as { port: number }).port}`);
});
