// Checks a TypeScript program in all its types, writes the JavaScript of it beside it, and prints its name.
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const root = process.env.GUIDE_ROOT;
const require = createRequire(`${root}/sdks/typescript/package.json`);
const ts = require("typescript");
const file = resolve(process.argv[2]);
if (!existsSync(file)) {
  console.error(`${file}: there is no such file`);
  process.exit(2);
}
const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noEmit: true,
  erasableSyntaxOnly: true,
  skipLibCheck: true,
  lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts"],
  types: ["node"],
  typeRoots: [`${root}/sdks/typescript/node_modules/@types`],
};
const faults = ts.getPreEmitDiagnostics(ts.createProgram([file], options));
if (faults.length > 0) {
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => process.cwd(), getNewLine: () => "\n" };
  console.error(ts.formatDiagnostics(faults, host));
  process.exit(2);
}
const { outputText } = ts.transpileModule(ts.sys.readFile(file), {
  fileName: file,
  compilerOptions: { ...options, noEmit: false },
});
const out = file.replace(/\.mts$/, ".compiled.mjs");
writeFileSync(out, outputText);
console.log(out);
