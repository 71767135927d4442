//! `bellwire verify`: checks what was received, offline, and says why it does not fit.
use std::time::Duration;

use bellwire_wire::{Scheme, Timestamp, explain, verify, verify::TOLERANCE};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    approvals::Receipt,
    args, audit,
    failure::{Done, Failure},
    out::{Out, Tone},
};
use crate::clock::Clock;

#[derive(Subcommand)]
pub(super) enum Verify {
    /// Check the signature of a request; exit code 1 if it is wrong
    Signature(Signature),
    /// Check the receipt of an approval; exit code 1 if it is not genuine
    Receipt(Receipt),
    /// Check the chain of an export of the audit log; exit code 1 if it does not hold
    Audit(audit::Verify),
}

#[derive(Args)]
pub(super) struct Signature {
    /// standard, cloudevents, trove, trovefiles, paygraph, pacspace, keystore, stripe, github or slack
    #[arg(long, default_value = "standard")]
    scheme: Scheme,
    /// The secret (`whsec_…`) or public key (`whpk_…`); may be repeated during a rotation
    #[arg(long = "secret", env = "BELLWIRE_SECRET", hide_env_values = true, required = true)]
    secrets: Vec<String>,
    /// A header of the request, `name: value`; may be repeated
    #[arg(long = "header", short = 'H', value_parser = args::header)]
    headers: Vec<(String, String)>,
    /// The raw body: a file, or `-` for stdin
    #[arg(long, default_value = "-", value_name = "FILE")]
    body: String,
    /// The time to check against (RFC 3339) [default: now]
    #[arg(long)]
    now: Option<Timestamp>,
    /// How far the timestamp may be from it
    #[arg(long, value_parser = args::span, value_name = "DUR")]
    tolerance: Option<Duration>,
}

impl Verify {
    pub(super) fn run(self, out: Out) -> Done {
        match self {
            Self::Signature(signature) => {
                let body = args::read(&signature.body)?;
                signature.check(out, &body)
            }
            Self::Receipt(receipt) => receipt.check(out),
            Self::Audit(audit) => audit.run(out),
        }
    }
}

impl Signature {
    fn check(&self, out: Out, body: &[u8]) -> Done {
        let now = self.now.unwrap_or_else(|| Clock::SYSTEM.now());
        let secrets: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        let checked = verify(self.scheme, &secrets, &self.headers, body, now, self.tolerance.unwrap_or(TOLERANCE));
        let error = match checked {
            Ok(verified) => {
                if out.json {
                    let line = json!({"valid": true, "scheme": self.scheme, "id": verified.id,
                        "timestamp": verified.timestamp, "secret": verified.secret_index});
                    return out.line(line.to_string());
                }
                let mut lines = vec![format!("{} signature ({})", out.paint(Tone::Good, "valid"), self.scheme)];
                lines.extend(verified.id.map(|id| format!("event {id}")));
                lines.extend(verified.timestamp.map(|at| format!("signed {at}, {}", super::out::ago(at, now))));
                if secrets.len() > 1 {
                    lines.push(format!("made with secret {} of {}", verified.secret_index + 1, secrets.len()));
                }
                return out.line(lines.join("\n"));
            }
            Err(error) => error,
        };
        let mut findings = Vec::new();
        for secret in &secrets {
            for finding in explain(self.scheme, secret, &self.headers, body, now) {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
        if out.json {
            out.line(
                json!({"valid": false, "scheme": self.scheme, "error": error.to_string(), "findings": findings})
                    .to_string(),
            )?;
        } else {
            out.line(format!("{} signature ({}): {error}", out.paint(Tone::Bad, "wrong"), self.scheme))?;
            for finding in &findings {
                out.line(format!("  {}", finding.sentence))?;
            }
        }
        Err(Failure::told())
    }
}
