/**
 * Handlers that verify what an endpoint sends: Standard Webhooks, which every dialect carries. Whole programs, of
 * the language's own library where that can do it. The secret comes from the environment, so that no pasted code
 * holds one. The Ruby is ASCII: rackup reads a file in the locale's encoding, which in a container may be no more.
 */
import type { Snippet } from '@/ui/code';

const python = `# WEBHOOK_SECRET=whsec_… python3 handler.py
import base64, hashlib, hmac, json, os, time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))


def verify(headers, body, tolerance=300):
    event_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > tolerance:
        raise ValueError("the timestamp is too old or too new")
    content = f"{event_id}.{timestamp}.".encode() + body
    wanted = b"v1," + base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest())
    # One signature for each live secret: any that matches is enough.
    listed = headers.get("webhook-signature", "").encode().split(b" ")
    if not any(hmac.compare_digest(wanted, one) for one in listed):
        raise ValueError("no signature matches")
    return json.loads(body)


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

const typescript = `// WEBHOOK_SECRET=whsec_… npx tsx handler.ts
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";

const key = Buffer.from((process.env.WEBHOOK_SECRET ?? "").replace(/^whsec_/, ""), "base64");

export function verify(headers: IncomingHttpHeaders, body: Buffer, tolerance = 300) {
  const id = String(headers["webhook-id"]);
  const timestamp = String(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= tolerance)) {
    throw new Error("the timestamp is too old or too new");
  }
  const wanted = createHmac("sha256", key).update(\`\${id}.\${timestamp}.\`).update(body).digest();
  // One signature for each live secret: any that matches is enough.
  const matches = String(headers["webhook-signature"]).split(" ").some((one) => {
    const [version, signature] = one.split(",");
    const given = Buffer.from(signature ?? "", "base64");
    return version === "v1" && given.length === wanted.length && timingSafeEqual(given, wanted);
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

const rust = `// cargo add axum@0.8 base64@0.23 hmac@0.13 serde_json@1 sha2@0.11
// cargo add tokio@1 --features macros,net,rt-multi-thread
use std::{env, time::{SystemTime, UNIX_EPOCH}};

use axum::{Router, body::Bytes, http::{HeaderMap, StatusCode}, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TOLERANCE_S: u64 = 300;

fn verify(secret: &str, headers: &HeaderMap, body: &[u8]) -> Option<serde_json::Value> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    if now.abs_diff(timestamp.parse().ok()?) > TOLERANCE_S {
        return None;
    }
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    // One signature for each live secret: any that matches is enough. verify_slice compares in constant time.
    let matches = header("webhook-signature")?
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .any(|given| mac.clone().verify_slice(&given).is_ok());
    if matches { serde_json::from_slice(body).ok() } else { None }
}

async fn handle(headers: HeaderMap, body: Bytes) -> StatusCode {
    let secret = env::var("WEBHOOK_SECRET").unwrap_or_default();
    match verify(&secret, &headers, &body) {
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

const go = `// WEBHOOK_SECRET=whsec_… go run handler.go
package main

import (
	"crypto/hmac"
	"crypto/sha256"
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

func verify(secret string, header http.Header, body []byte) error {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	if age := time.Since(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errors.New("the timestamp is too old or too new")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	wanted := mac.Sum(nil)
	// One signature for each live secret: any that matches is enough.
	for _, one := range strings.Split(header.Get("webhook-signature"), " ") {
		version, signature, _ := strings.Cut(one, ",")
		given, err := base64.StdEncoding.DecodeString(signature)
		if err == nil && version == "v1" && hmac.Equal(given, wanted) {
			return nil
		}
	}
	return errors.New("no signature matches")
}

func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || verify(secret, r.Header, body) != nil {
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

const ruby = `# config.ru: WEBHOOK_SECRET=whsec_... rackup
require "base64"
require "json"
require "openssl"

KEY = Base64.strict_decode64(ENV.fetch("WEBHOOK_SECRET").delete_prefix("whsec_"))
TOLERANCE = 300

def verify(headers, body)
  id, timestamp = headers.fetch("webhook-id"), headers.fetch("webhook-timestamp")
  raise ArgumentError, "the timestamp is too old or too new" if (Time.now.to_i - Integer(timestamp, 10)).abs > TOLERANCE

  digest = OpenSSL::HMAC.digest("SHA256", KEY, "#{id}.#{timestamp}.".b + body.b)
  wanted = "v1," + Base64.strict_encode64(digest)
  # One signature for each live secret: any that matches is enough.
  matches = headers.fetch("webhook-signature").split(" ").any? do |one|
    OpenSSL.secure_compare(one, wanted)
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
  rescue ArgumentError, JSON::ParserError
    [400, {}, []]
  end
end

run app
`;

export const HMAC_HANDLERS: readonly Snippet[] = [
  { language: 'Python', code: python },
  { language: 'TypeScript', code: typescript },
  { language: 'Rust', code: rust },
  { language: 'Go', code: go },
  { language: 'Ruby', code: ruby },
];
