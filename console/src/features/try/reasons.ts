/** Why a signature does not match: one thing is changed, the signature made again, and compared. */
import { hmacSha256, readKey, toBase64, toHex, undressed, utf8 } from './keys';
import { compact, type Rewrite, rewritings, sameJson, trimmings } from './rewrites';
import { contentOf, type Reason, span, TOLERANCE_S, type Trial } from './verify';

interface Found {
  missing: readonly string[];
  /** The signature is right; only its time may be wrong. */
  fits: boolean;
  unsupported: boolean;
}

const RAW = 'Verify the raw bytes as they arrived, before anything parses them.';

export async function findReasons(trial: Trial, found: Found): Promise<Reason[]> {
  if (found.unsupported) {
    return [
      {
        code: 'unsupported',
        sentence: 'This browser cannot verify Ed25519.',
        advice: 'Use `bellwire verify signature`.',
      },
    ];
  }
  if (found.missing.length > 0) return [missingReason(found.missing)];
  if (!/^\d{1,16}$/.test(trial.timestamp)) {
    return [{ code: 'bad_timestamp', sentence: 'webhook-timestamp is not a whole number of seconds.' }];
  }
  if (found.fits) return [await ageReason(trial)];
  const sure = await certain(trial);
  if (sure) return [sure];
  if (trial.secretFault !== null)
    return [{ code: 'bad_secret', sentence: `The secret cannot be read. ${trial.secretFault}` }];
  const known = fromSent(trial);
  if (known.length > 0) return known;
  return [
    {
      code: 'no_match',
      sentence: 'None of the usual mistakes explains it: it is another secret, or the body was changed.',
      advice: 'Most often it is the secret of another endpoint, or the one before a rotation.',
    },
  ];
}

function missingReason(missing: readonly string[]): Reason {
  const several = missing.length > 1;
  return {
    code: 'missing_header',
    sentence: `${missing.join(' and ')} ${several ? 'are' : 'is'} missing, so there is nothing to verify with.`,
    advice: 'A proxy or a framework may have dropped it, or the names were changed on the way.',
  };
}

async function ageReason(trial: Trial): Promise<Reason> {
  const nowS = trial.around.now.getTime() / 1000;
  if (Math.abs(nowS - Number(trial.timestamp) / 1000) <= TOLERANCE_S) {
    return {
      code: 'timestamp_unit',
      sentence: 'The signature fits, but its timestamp is in milliseconds. It is to be whole seconds.',
    };
  }
  const ageS = trial.ageS ?? 0;
  const side = ageS < 0 ? 'ahead of this clock' : 'old';
  return {
    code: 'clock_skew',
    sentence: `The signature itself fits, but it is ${span(Math.abs(ageS))} ${side}; ${TOLERANCE_S} seconds are tolerated.`,
    advice: 'Somebody sends a recorded request again, or a clock is wrong.',
  };
}

/** What is certain, since with that one thing changed the signature matches. HMAC only. */
async function certain(trial: Trial): Promise<Reason | null> {
  const { subtle } = trial.around;
  const bare = undressed(trial.given.secret);
  const read = readKey(bare);
  const key = 'key' in read && read.key.kind === 'hmac' ? read.key.bytes : null;
  const listed = trial.signature.split(/[ ,;\t]+/);
  const fits = async (bytes: Uint8Array<ArrayBuffer>, content: Uint8Array<ArrayBuffer>) =>
    listed.includes(toBase64(await hmacSha256(subtle, bytes, content)));
  const content = contentOf(trial.id, trial.timestamp, trial.given.body);

  if (key !== null) {
    if (bare !== trial.given.secret && (await fits(key, content))) {
      return {
        code: 'secret_dressed',
        sentence:
          'Something was copied along with the secret (a space, a line ending, quotes). Without it the signature matches.',
      };
    }
    const mac = await hmacSha256(subtle, key, content);
    if (listed.some((one) => isMisspelt(one, toBase64(mac), toHex(mac)))) {
      return {
        code: 'signature_encoding',
        sentence: 'The signature is right but written wrongly.',
        advice: 'It is `v1,` and standard base64 with its padding; not hex, not base64url.',
      };
    }
    const trimmed = await match(trimmings(trial.given.body), (body) =>
      fits(key, contentOf(trial.id, trial.timestamp, body)),
    );
    if (trimmed) {
      return {
        code: 'body_whitespace',
        sentence: `Only whitespace at the ends differs: the signature matches the body ${trimmed.name}.`,
        advice: RAW,
      };
    }
    const written = await match(rewritings(trial.given.body), (body) =>
      fits(key, contentOf(trial.id, trial.timestamp, body)),
    );
    if (written) return rewritten(trial.given.body, written);
    if (await fits(key, contentOf(trial.timestamp, trial.id, trial.given.body))) {
      return {
        code: 'swapped',
        sentence: 'The signer put the timestamp before the id. The order is id, timestamp, body.',
      };
    }
  }
  const asText = [bare, bare.replace(/^whsec_/, '')].filter((one) => one !== '');
  for (const text of asText) {
    if (await fits(utf8(text), content)) {
      return {
        code: 'secret_as_text',
        sentence: 'The signer used the text of the secret as the key.',
        advice: 'The key is what the base64 after whsec_ stands for.',
      };
    }
  }
  return null;
}

function rewritten(body: string, as: Rewrite): Reason {
  const onlySpaces = compact(as.body) === compact(body);
  return {
    code: 'body_reserialised',
    sentence: onlySpaces
      ? `Only whitespace differs: the body was parsed and written again. The signature matches the same JSON ${as.name}.`
      : `The body was parsed and written again: the signature matches the same JSON ${as.name}.`,
    advice: RAW,
  };
}

async function match(all: Rewrite[], fits: (body: string) => Promise<boolean>): Promise<Rewrite | null> {
  for (const one of all) if (await fits(one.body)) return one;
  return null;
}

/** The right signature in the wrong clothes. */
function isMisspelt(word: string, base64: string, hex: string): boolean {
  const bare = word.replace(/^(?:v1=|v0=|sha256=|v1:)/, '');
  const standard = bare.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return bare.toLowerCase() === hex || standard === base64.replace(/=+$/, '');
}

/** What is known because the delivery is: which part is not as it was sent. */
function fromSent(trial: Trial): Reason[] {
  const { sent, secret } = trial.around;
  const reasons: Reason[] = [];
  if (sent) {
    const was = new Map(Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const headers: [string, string][] = [
      ['webhook-id', trial.id],
      ['webhook-timestamp', trial.timestamp],
      ['webhook-signature', trial.signature],
    ];
    for (const [name, value] of headers) {
      if (was.get(name) !== value) {
        reasons.push({
          code: 'header_changed',
          sentence: `${name} is not the one that was sent: that was ${was.get(name)}.`,
        });
      }
    }
    if (sent.body !== trial.given.body) reasons.push(bodyReason(sent.body, trial.given.body));
  }
  if (secret && secret !== trial.given.secret) {
    reasons.push({
      code: 'other_secret',
      sentence:
        reasons.length === 0 && sent
          ? 'The secret is another one: headers and body are exactly as they were sent.'
          : 'The secret is not the one that this endpoint signs with.',
      advice: 'Each endpoint has its own, and another after a rotation.',
    });
  }
  return reasons;
}

const EXCERPT_CHARS = 16;

function bodyReason(sent: string, here: string): Reason {
  if (sameJson(sent, here)) {
    return {
      code: 'body_reserialised',
      sentence: 'It is the same JSON with other bytes: the body was parsed and written again.',
      advice: RAW,
    };
  }
  let at = 0;
  while (at < sent.length && sent[at] === here[at]) at += 1;
  const excerpt = (text: string) => text.slice(Math.max(0, at - EXCERPT_CHARS), at + EXCERPT_CHARS);
  return {
    code: 'body_changed',
    sentence: `The body was changed at character ${at + 1}: sent was …${excerpt(sent)}…, here is …${excerpt(here)}…`,
    advice: 'Whoever changes a byte without the secret is found out. That is what the signature is for.',
  };
}
