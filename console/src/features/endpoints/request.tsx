/** The last request of a delivery, byte for byte. */
import { Tabs } from '@mantine/core';
import { parseExact } from '@/api/exact';
import type { components } from '@/api/schema';
import { CodeBlock } from '@/ui/code-block';
import { JsonView } from '@/ui/json-view';
import { shellQuote } from '@/ui/origin';
import { Headers } from './headers';

type Request = components['schemas']['SentRequest'];

export function SentRequest({ request }: { request: Request }) {
  const json = jsonOf(request.body);
  return (
    <div className="bw-ep-request">
      <code className="bw-ep-line">
        {request.method} {request.url ?? ''}
      </code>
      <Headers headers={request.headers} label="Request headers" />
      <Tabs defaultValue={json === undefined ? 'raw' : 'json'} keepMounted={false}>
        <Tabs.List aria-label="Request body">
          {json !== undefined && <Tabs.Tab value="json">JSON</Tabs.Tab>}
          <Tabs.Tab value="raw">As signed</Tabs.Tab>
          {request.url && <Tabs.Tab value="curl">curl</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="json" pt={8}>
          <JsonView value={json} label="Request body" />
        </Tabs.Panel>
        <Tabs.Panel value="raw" pt={8}>
          <CodeBlock code={request.body} label="Request body" wrap />
        </Tabs.Panel>
        <Tabs.Panel value="curl" pt={8}>
          <CodeBlock code={curlOf(request)} label="Command" />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function jsonOf(body: string): unknown {
  try {
    return parseExact(body);
  } catch {
    return undefined;
  }
}

/** The same request by hand: what it was signed for is the time it was sent, so a handler refuses it later. */
export function curlOf({ method, url, headers, body }: Request): string {
  return [
    `curl -X ${method} ${shellQuote(url ?? '')}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${shellQuote(`${name}: ${value}`)}`),
    `--data-raw ${shellQuote(body)}`,
  ].join(' \\\n  ');
}
