/**
 * Verifies deliveries with nothing but Node's own HMAC, as the description of each dialect says.
 *
 *   SECRET=whsec_… DIALECT=pacspace node verify-hmac.mjs 4803
 *
 * Answers 204 to what verifies, 401 to all else.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const TOLERANCE_SECONDS = 300;

const hmac = (secret, ...parts) => {
  const mac = createHmac('sha256', secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

const matches = (wanted, hex) => {
  const given = Buffer.from(hex ?? '', 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const isFresh = (seconds) => Math.abs(Date.now() / 1000 - Number(seconds)) <= TOLERANCE_SECONDS;

/** `t=<unix>,v1=<hex>` over `{t}.{body}`, with the secret as text. */
function stamped(header, secret, body, fresh) {
  const pairs = (header ?? '').split(',').map((part) => part.split('='));
  const time = pairs.find(([name]) => name === 't')?.[1] ?? '';
  const wanted = hmac(secret, `${time}.`, body);
  return fresh(time) && pairs.some(([name, value]) => name === 'v1' && matches(wanted, value));
}

/** Its `t` is when the approval was made, the same on every retry: `expires_at` says how fresh it is. */
function paygraph({ headers, body, secret }) {
  if (!stamped(headers['x-paygraph-signature'], secret, body, () => true)) return false;
  const { expires_at: until } = JSON.parse(body.toString('utf8'));
  return until === undefined || Date.parse(until) >= Date.now();
}

/** `v1=<hex>[,v1=<hex>]`: two of them during a rotation, and one that matches is enough. */
function pacspace({ headers, body, secret }) {
  const time = headers['x-pacspace-timestamp'];
  const wanted = hmac(secret, `${time}.`, body);
  const listed = (headers['x-pacspace-signature'] ?? '').split(',');
  return isFresh(time) && listed.some((one) => one.startsWith('v1=') && matches(wanted, one.slice(3)));
}

/** `v1,<base64>` in a list, with the decoded secret, over `{id}.{timestamp}.{body}`: in every dialect. */
function standard({ headers, body, secret }) {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': list = '' } = headers;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const wanted = hmac(key, `${id}.${time}.`, body);
  return (
    isFresh(time) &&
    list.split(' ').some((one) => {
      const [version, signature] = one.split(',');
      return version === 'v1' && matches(wanted, Buffer.from(signature ?? '', 'base64').toString('hex'));
    })
  );
}

export const verifiers = {
  standard,
  cloudevents: standard,
  trove: ({ headers, body, secret }) => stamped(headers['x-trove-signature'], secret, body, isFresh),
  trovefiles: ({ headers, body, secret }) => stamped(headers['x-trove-signature'], secret, body, isFresh),
  paygraph,
  pacspace,
  keystore: ({ headers, body, secret }) => matches(hmac(secret, body), headers['x-webhook-signature']),
};

const { SECRET = '', DIALECT = 'standard' } = process.env;

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  response
    .writeHead(verifiers[DIALECT]({ headers: request.headers, body, secret: SECRET }) ? 204 : 401)
    .end();
});

server.listen(Number(process.argv[2] ?? 4803), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`);
});
