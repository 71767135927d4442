/** The same with the reader's own code. */
import { Text, Title } from '@mantine/core';
import { CodeTabs } from '@/ui/code';
import { CodeBlock } from '@/ui/code-block';
import { CopyButton } from '@/ui/copy';
import { curl } from '@/ui/origin';
import type { Sandbox } from './sandbox';

const PYTHON = `# pip install flask standardwebhooks
import os
from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
webhook = Webhook(os.environ["SECRET"])  # whsec_…

@app.post("/hook")
def hook():
    try:
        event = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        return "", 400
    print(event["type"], event["data"])  # the same id may come twice
    return "", 204`;

const NODE = `// npm install standardwebhooks
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.SECRET); // whsec_…

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  try {
    const event = webhook.verify(body, request.headers);
    console.log(event.type, event.data); // the same id may come twice
    response.writeHead(204).end();
  } catch {
    response.writeHead(400).end();
  }
}).listen(4801);`;

export function Next({ sandbox }: { sandbox: Sandbox }) {
  const purchase = { vendor: 'openai', amount_usd: '0.18', description: 'From my own code' };
  return (
    <section className="try-card try-next" aria-labelledby="try-next">
      <div className="try-card-head">
        <div>
          <Title order={2} id="try-next">
            What next: the same with your own code
          </Title>
          <Text c="dimmed">
            This sandbox answers to <code>curl</code> as well. What you send appears above.
          </Text>
        </div>
        <CopyButton text={`export BELLWIRE_API_KEY=${sandbox.api_key}`} label="Copy the sandbox’s key" />
      </div>
      <div className="try-next-in">
        <div>
          <Title order={3} mb={6}>
            Tell it what happened
          </Title>
          <CodeBlock
            label="An event of your own"
            code={curl('/v1/events', {
              body: { type: 'invoice.paid', data: { invoice: '4711', total_usd: 12.5 } },
            })}
          />
          <div className="try-gap" />
          <CodeBlock
            label="A purchase"
            code={curl(`/v1/wallets/${sandbox.wallet_id}/purchases`, { body: purchase })}
          />
          <Text c="dimmed" mt="sm">
            To go on for longer than a day: start a server of your own, and{' '}
            <a href="/login" className="try-link">
              log in
            </a>
            .
          </Text>
          <div className="try-gap" />
          <CodeBlock code="bellwire serve --dev" label="Command" />
        </div>
        <div>
          <Title order={3} mb={6}>
            Receive and verify
          </Title>
          <CodeTabs
            label="Handler"
            snippets={[
              { language: 'Python', code: PYTHON },
              { language: 'Node.js', code: NODE },
            ]}
          />
        </div>
      </div>
    </section>
  );
}
