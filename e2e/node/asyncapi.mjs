// Has AsyncAPI's own parser judge a document: prints what it finds wrong, and exits with 1 if that is anything. It reads
// nothing but the file: references that lead out of it are none it follows.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const [file] = process.argv.slice(2);
const text = await readFile(file, 'utf8');
for (const [, to] of text.matchAll(/"\$ref": "([^"]*)"/g)) {
  if (!to.startsWith('#/')) throw new Error(`${to} leads out of the document`);
}
const { document, diagnostics } = await new Parser().parse(text);
for (const { severity, message, path } of diagnostics) {
  console.log(`${['error', 'warning', 'info', 'hint'][severity]} at ${path.join('/')}: ${message}`);
}
const messages = document?.allMessages().all().map((message) => message.id()) ?? [];
console.log(`${document?.channels().all().length} channels, ${new Set(messages).size} messages`);
process.exit(document && diagnostics.every(({ severity }) => severity > 1) ? 0 : 1);
