//! `bellwire catch`: a receiver on this machine that behaves as told and shows what it gets.
use std::time::Duration;

use bellwire_wire::Scheme;
use clap::Args;
use http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    args,
    failure::{Done, Failure},
    out::{Out, Tone, clock_time},
    receiver::{Behaviour, Caught, Receiver},
};

#[derive(Args)]
pub(super) struct Catch {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4801", value_name = "ADDR")]
    listen: String,
    /// The status of every answer
    #[arg(long, default_value = "200", value_parser = status)]
    status: StatusCode,
    /// How long before the answer, such as 500ms or 10s
    #[arg(long, value_name = "DUR", value_parser = args::span)]
    delay: Option<Duration>,
    /// Answer a byte at a time, one per second or per DUR
    #[arg(long, value_name = "DUR", value_parser = args::span, num_args = 0..=1, require_equals = true, default_missing_value = "1s")]
    drip: Option<Duration>,
    /// Reset the connection instead of answering
    #[arg(long)]
    reset: bool,
    /// Misbehave only at the first so many requests of each webhook-id, then answer 200 at once [default: 1];
    /// without another fault, answer 500
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    flaky: Option<u32>,
    /// The endpoint's secret, to check signatures
    #[arg(long, env = "BELLWIRE_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// How requests are signed: a dialect, stripe, github or slack
    #[arg(long = "dialect", visible_alias = "scheme", default_value = "standard")]
    scheme: Scheme,
    /// End after so many requests
    #[arg(long)]
    count: Option<u64>,
}

fn status(text: &str) -> Result<StatusCode, String> {
    let wrong = || "must be a status from 200 to 599".to_owned();
    let status = text.parse::<StatusCode>().map_err(|_| wrong())?;
    if (200..600).contains(&status.as_u16()) { Ok(status) } else { Err(wrong()) }
}

impl Catch {
    pub(super) async fn run(self, out: Out) -> Done {
        let mut behaviour = Behaviour {
            status: self.status,
            delay: self.delay.unwrap_or_default(),
            drip: self.drip,
            reset: self.reset,
            flaky: self.flaky,
        };
        if self.flaky.is_some() && !behaviour.is_at_fault() {
            behaviour.status = StatusCode::INTERNAL_SERVER_ERROR;
        }
        let receiver = Receiver::bind(&self.listen, behaviour).await.map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::AddrInUse => "it is taken".to_owned(),
                _ => error.to_string(),
            };
            Failure::failed(format!("cannot listen on {}: {why}", self.listen))
                .hint("choose another address with --listen; port 0 takes a free one")
        })?;
        let url = format!("http://{}", receiver.address);
        if out.json {
            out.line(json!({"listening": url}).to_string())?;
        } else {
            out.line(format!("catching at {url}"))?;
        }
        let (sender, mut caught) = mpsc::unbounded_channel();
        let mut tasks = tokio::task::JoinSet::new();
        let stop = CancellationToken::new();
        tasks.spawn(receiver.run(sender, stop.clone()));
        // One for all turns: what arrives while a request is printed counts as well.
        let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
        let mut left = self.count;
        while left != Some(0) {
            let one = tokio::select! {
                one = caught.recv() => one,
                _ = &mut ended => None,
            };
            let Some(one) = one else { break };
            self.show(out, &one)?;
            left = left.map(|left| left - 1);
        }
        if left == Some(0) {
            // The last request is answered before the end.
            stop.cancel();
            tokio::select! {
                _ = tasks.join_next() => {}
                _ = ended => {}
            }
        }
        Ok(())
    }

    fn show(&self, out: Out, one: &Caught) -> Done {
        let checked = self.secret.as_deref().map(|secret| one.check(self.scheme, secret));
        let body = String::from_utf8_lossy(&one.body);
        if out.json {
            let headers: Map<String, Value> =
                one.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
            let verified = checked.as_ref().map(Result::is_ok);
            let findings = checked.and_then(Result::err);
            let line = json!({"at": one.at, "method": one.method, "path": one.path, "headers": headers,
                "body": body, "answer": one.answer.map(|status| status.as_u16()), "verified": verified,
                "findings": findings});
            return out.line(line.to_string());
        }
        let mark = match &checked {
            None => out.paint(Tone::Dim, "signature not checked"),
            Some(Ok(_)) => out.paint(Tone::Good, "signature valid"),
            Some(Err(_)) => out.paint(Tone::Bad, "signature INVALID"),
        };
        let head = format!("{} {} {}", clock_time(one.at), one.method, one.path);
        let answer = one.answer.map_or_else(|| "reset".to_owned(), |status| status.as_u16().to_string());
        out.line(format!("{}  → {answer}  {mark}", out.paint(Tone::Bold, &head)))?;
        for finding in checked.and_then(Result::err).unwrap_or_default() {
            out.line(format!("  {}", finding.sentence))?;
        }
        for (name, value) in &one.headers {
            out.line(format!("  {name}: {value}"))?;
        }
        out.line(format!("\n  {body}\n"))
    }
}
