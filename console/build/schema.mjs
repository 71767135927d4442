// Writes src/api/schema.d.ts from ../openapi.json.
//
// Amounts travel as JSON numbers with up to 19 digits, which a double cannot hold. The client reads them as
// strings (src/api/exact.ts), so their type here is `string`.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const EXACT = new Set(['UsdNanos', 'UsdSum']);
const document = JSON.parse(await readFile(new URL('../../openapi.json', import.meta.url), 'utf8'));
// Examples are for those who read the reference: here they would be half of the file.
for (const operation of Object.values(document.paths).flatMap(Object.values)) {
  for (const part of [operation.requestBody ?? {}, ...Object.values(operation.responses)]) {
    for (const media of Object.values(part.content ?? {})) delete media.example;
  }
}
const text = ts.factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword);

const tree = await openapiTS(document, {
  // A field with a default may be left out of a request.
  defaultNonNullable: false,
  transform: (_schema, { path }) => (EXACT.has(path?.split('/').at(-1) ?? '') ? text : undefined),
});
await writeFile(new URL('../src/api/schema.d.ts', import.meta.url), astToString(tree));
