#!/usr/bin/env node
// Verifies deliveries with the packages that receivers really use in Node. The same input, options
// and report as verify.py:
//
//   node verify.mjs [--self-check] [FILE]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { Webhook: StandardWebhook } = require("standardwebhooks");
const { Webhook: SvixWebhook } = require("svix");

const lower = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const checks = {
  standardwebhooks: (secret, headers, body) => new StandardWebhook(secret).verify(body, headers),
  svix: (secret, headers, body) => {
    const given = lower(headers);
    const parts = ["id", "timestamp", "signature"];
    const renamed = Object.fromEntries(parts.map((part) => [`svix-${part}`, given[`webhook-${part}`]]));
    return new SvixWebhook(secret).verify(body, renamed);
  },
};

/** "ok", or what the package said. Only the clock is ours, when the delivery says when it is. */
function run(check, delivery, body) {
  const realNow = Date.now;
  if (delivery.now !== undefined) Date.now = () => delivery.now * 1000;
  try {
    const said = check(delivery.secret, delivery.headers, body);
    const wanted = JSON.stringify(JSON.parse(body.toString()));
    // Not every version hands the parsed body back.
    if (said !== undefined && JSON.stringify(said) !== wanted) return "the event differs from the body";
    return "ok";
  } catch (error) {
    return `${error.name}: ${error.message}`.split("\n")[0];
  } finally {
    Date.now = realNow;
  }
}

/** The body with one byte changed, still text. */
function tampered(body) {
  const changed = Buffer.from(body);
  const at = changed.findIndex((byte) => /[A-Za-z0-9]/.test(String.fromCharCode(byte)));
  if (at < 0) return Buffer.concat([body, Buffer.from(" ")]);
  changed[at] ^= 1;
  return changed;
}

function report(delivery, selfCheck) {
  const body = Buffer.from(delivery.body_base64, "base64");
  const names = Object.keys(checks).filter((name) => delivery.only?.includes(name) ?? true);
  const each = (say) => Object.fromEntries(names.map((name) => [name, say(name)]));
  const entry = { dialect: delivery.dialect, name: delivery.name };
  entry.checks = each((name) => run(checks[name], delivery, body));
  entry.ok = names.length > 0 && names.every((name) => entry.checks[name] === "ok");
  if (selfCheck) {
    const changed = tampered(body);
    const refuses = (name) => run(checks[name], delivery, changed) !== "ok";
    entry.changed = each((name) => (refuses(name) ? "refused" : "FAIL: accepted"));
    entry.ok &&= names.every((name) => entry.changed[name] === "refused");
  }
  return entry;
}

const args = process.argv.slice(2);
const selfCheck = args.includes("--self-check");
const file = args.find((arg) => !arg.startsWith("--")) ?? 0;
const given = JSON.parse(readFileSync(file, "utf8"));
const deliveries = (Array.isArray(given) ? given : [given])
  // What the server only receives, and what is signed with Ed25519, these packages do not read.
  .filter((delivery) => /^v1,/.test(lower(delivery.headers)["webhook-signature"]));
const entries = deliveries.map((delivery) => report(delivery, selfCheck));
console.log(JSON.stringify(entries, null, 2));
process.exit(entries.length > 0 && entries.every((entry) => entry.ok) ? 0 : 1);
