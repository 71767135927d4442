// Runs the built package as an edge runtime would: modules that import nothing but each other, in a context
// that has the web's globals and none of Node's. Prints what came of it as JSON.
//
//   node --experimental-vm-modules worker.mjs
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const root = new URL('../../', import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const read = (path) => readFileSync(new URL(`../../crates/wire/tests/vectors/${path}`, root), 'utf8');

const WEB = `AbortController AbortSignal Headers ReadableStream Request Response TextDecoder TextEncoder URL
  URLSearchParams atob btoa clearTimeout crypto fetch setTimeout`.split(/\s+/);
const context = vm.createContext(Object.fromEntries(WEB.map((name) => [name, globalThis[name]])));

const modules = new Map();
const loaded = [];
function load(url) {
  if (!modules.has(url.href)) {
    loaded.push(fileURLToPath(url).slice(fileURLToPath(root).length));
    const source = readFileSync(url, 'utf8');
    modules.set(url.href, new vm.SourceTextModule(source, { context, identifier: url.href }));
  }
  return modules.get(url.href);
}
function link(specifier, from) {
  if (!/^\.{1,2}\//.test(specifier)) throw new Error(`${from.identifier} imports ${specifier}`);
  return load(new URL(specifier, from.identifier));
}
async function enter(name) {
  const module = load(new URL(exports[name].default, root));
  if (module.status === 'unlinked') await module.link(link);
  await module.evaluate();
  return module.namespace;
}

const entries = Object.keys(exports).filter((name) => name !== './package.json');
for (const name of entries) await enter(name);
context.sdk = await enter('.');
context.next = await enter('./next');
context.vectors = JSON.stringify(
  [read('signatures.json'), read('milliseconds.json')].flatMap((text) => JSON.parse(text).vectors),
);

const report = await vm.runInContext(
  `(async () => {
    const wrong = [];
    for (const vector of JSON.parse(vectors)) {
      const body = Uint8Array.from(atob(vector.body_base64), (c) => c.charCodeAt(0));
      const now = new Date(vector.now * 1000 + (vector.now_millis ?? 0));
      const { scheme, secrets: secret, headers } = vector;
      const outcome = await sdk.verifySignature({ scheme, secret, headers: new Headers(headers), body, now }).then(
        () => true,
        (error) => { if (!(error instanceof sdk.WebhookSignatureError)) throw error; return false; },
      );
      if (outcome !== vector.valid) wrong.push(vector.name);
    }
    const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const body = JSON.stringify({ id: 'evt_1', type: 'a.b', timestamp: 't', workspace_id: 'w', namespace: null, data: { a_usd: 1.50 } });
    const headers = await sdk.signWebhook({ secret, id: 'evt_1', body });
    let data;
    const handler = next.webhook({ secret }, (event) => { data = event.data; });
    const answer = await handler(new Request('http://h/', { method: 'POST', headers, body }));
    const replies = [{ status: 503 }, { status: 200, body: '{"workspace_id":"ws-1"}' }];
    const fake = async () => { const { status, body } = replies.shift(); return new Response(body ?? '{}', { status }); };
    const client = new sdk.AdminClient({ apiKey: 'k', baseUrl: 'http://h', fetch: fake, sleep: async () => {} });
    const me = await client.me();
    return JSON.stringify({ wrong, status: answer.status, data, me, node: ['process', 'Buffer', 'require', 'global'].map((name) => typeof globalThis[name]) });
  })()`,
  context,
);
console.log(JSON.stringify({ ...JSON.parse(report), entries, loaded: loaded.length }));
