/** The same for endpoints that sign with Ed25519: the public key is no secret, so it may be in the code. */
import type { Snippet } from '@/ui/code';

const python = `# pip install cryptography; WEBHOOK_PUBLIC_KEY=whpk_… python3 handler.py
import base64, json, os, time
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY = Ed25519PublicKey.from_public_bytes(
    base64.b64decode(os.environ["WEBHOOK_PUBLIC_KEY"].removeprefix("whpk_"))
)


def verify(headers, body, tolerance=300):
    event_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > tolerance:
        raise ValueError("the timestamp is too old or too new")
    content = f"{event_id}.{timestamp}.".encode() + body
    for one in headers.get("webhook-signature", "").split(" "):
        version, _, signature = one.partition(",")
        if version != "v1a":
            continue
        try:
            KEY.verify(base64.b64decode(signature), content)
            return json.loads(body)
        except InvalidSignature:
            continue
    raise ValueError("no signature matches")


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            event = verify(self.headers, body)
        except (KeyError, TypeError, ValueError):
            self.send_response(400)
        else:
            # The same webhook-id may come twice: keep it, and skip what you have seen.
            print(self.headers["webhook-id"], event.get("type"))
            self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("", int(os.environ.get("PORT", "3000"))), Handler).serve_forever()
`;

const typescript = `// WEBHOOK_PUBLIC_KEY=whpk_… npx tsx handler.ts
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";

const raw = Buffer.from((process.env.WEBHOOK_PUBLIC_KEY ?? "").replace(/^whpk_/, ""), "base64");
const key = createPublicKey({
  key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
  format: "jwk",
});

export function verify(headers: IncomingHttpHeaders, body: Buffer, tolerance = 300) {
  const id = String(headers["webhook-id"]);
  const timestamp = String(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= tolerance)) {
    throw new Error("the timestamp is too old or too new");
  }
  const content = Buffer.concat([Buffer.from(\`\${id}.\${timestamp}.\`), body]);
  const matches = String(headers["webhook-signature"]).split(" ").some((one) => {
    const [version, signature] = one.split(",");
    return version === "v1a" && verifySignature(null, content, key, Buffer.from(signature ?? "", "base64"));
  });
  if (!matches) throw new Error("no signature matches");
  return JSON.parse(body.toString("utf8"));
}

createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const event = verify(request.headers, Buffer.concat(chunks));
    // The same webhook-id may come twice: keep it, and skip what you have seen.
    console.log(request.headers["webhook-id"], event.type);
    response.writeHead(204).end();
  } catch {
    response.writeHead(400).end();
  }
}).listen(Number(process.env.PORT ?? 3000));
`;

const rust = `// cargo add axum@0.8 base64@0.23 ed25519-dalek@3 serde_json@1
// cargo add tokio@1 --features macros,net,rt-multi-thread
use std::{env, time::{SystemTime, UNIX_EPOCH}};

use axum::{Router, body::Bytes, http::{HeaderMap, StatusCode}, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

const TOLERANCE_S: u64 = 300;

fn verify(public_key: &str, headers: &HeaderMap, body: &[u8]) -> Option<serde_json::Value> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    if now.abs_diff(timestamp.parse().ok()?) > TOLERANCE_S {
        return None;
    }
    let raw = STANDARD.decode(public_key.strip_prefix("whpk_").unwrap_or(public_key)).ok()?;
    let key = VerifyingKey::from_bytes(raw.as_slice().try_into().ok()?).ok()?;
    let content = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let matches = header("webhook-signature")?
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1a,")?).ok())
        .filter_map(|given| Signature::from_slice(&given).ok())
        .any(|given| key.verify_strict(&content, &given).is_ok());
    if matches { serde_json::from_slice(body).ok() } else { None }
}

async fn handle(headers: HeaderMap, body: Bytes) -> StatusCode {
    let key = env::var("WEBHOOK_PUBLIC_KEY").unwrap_or_default();
    match verify(&key, &headers, &body) {
        // The same webhook-id may come twice: keep it, and skip what you have seen.
        Some(event) => {
            println!("{:?} {}", headers.get("webhook-id"), event["type"]);
            StatusCode::NO_CONTENT
        }
        None => StatusCode::BAD_REQUEST,
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await?;
    axum::serve(listener, Router::new().route("/", post(handle))).await
}
`;

const go = `// WEBHOOK_PUBLIC_KEY=whpk_… go run handler.go
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 300 * time.Second

func verify(publicKey string, header http.Header, body []byte) error {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	if age := time.Since(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errors.New("the timestamp is too old or too new")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(publicKey, "whpk_"))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return errors.New("this is no public key")
	}
	content := append([]byte(id+"."+timestamp+"."), body...)
	for _, one := range strings.Split(header.Get("webhook-signature"), " ") {
		version, signature, _ := strings.Cut(one, ",")
		given, err := base64.StdEncoding.DecodeString(signature)
		if err == nil && version == "v1a" && ed25519.Verify(key, content, given) {
			return nil
		}
	}
	return errors.New("no signature matches")
}

func main() {
	publicKey := os.Getenv("WEBHOOK_PUBLIC_KEY")
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || verify(publicKey, r.Header, body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		// The same webhook-id may come twice: keep it, and skip what you have seen.
		log.Println(r.Header.Get("webhook-id"), string(body))
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
`;

const ruby = `# config.ru, Ruby 3.1 or later: WEBHOOK_PUBLIC_KEY=whpk_... rackup
require "base64"
require "json"
require "openssl"

RAW = Base64.strict_decode64(ENV.fetch("WEBHOOK_PUBLIC_KEY").delete_prefix("whpk_"))
# An Ed25519 key in DER is these bytes and the key's own 32 (RFC 8410).
KEY = OpenSSL::PKey.read(["302a300506032b6570032100"].pack("H*") + RAW)
TOLERANCE = 300

def verify(headers, body)
  id, timestamp = headers.fetch("webhook-id"), headers.fetch("webhook-timestamp")
  raise ArgumentError, "the timestamp is too old or too new" if (Time.now.to_i - Integer(timestamp, 10)).abs > TOLERANCE

  content = "#{id}.#{timestamp}.".b + body.b
  matches = headers.fetch("webhook-signature").split(" ").any? do |one|
    version, signature = one.split(",", 2)
    version == "v1a" && KEY.verify(nil, Base64.decode64(signature.to_s), content)
  end
  raise ArgumentError, "no signature matches" unless matches

  JSON.parse(body)
end

app = lambda do |env|
  headers = %w[webhook-id webhook-timestamp webhook-signature].to_h do |name|
    [name, env["HTTP_#{name.upcase.tr("-", "_")}"].to_s]
  end
  begin
    event = verify(headers, env["rack.input"].read)
    # The same webhook-id may come twice: keep it, and skip what you have seen.
    puts "#{headers["webhook-id"]} #{event["type"]}"
    [204, {}, []]
  rescue ArgumentError, JSON::ParserError, OpenSSL::PKey::PKeyError
    [400, {}, []]
  end
end

run app
`;

export const ED25519_HANDLERS: readonly Snippet[] = [
  { language: 'Python', code: python },
  { language: 'TypeScript', code: typescript },
  { language: 'Rust', code: rust },
  { language: 'Go', code: go },
  { language: 'Ruby', code: ruby },
];
