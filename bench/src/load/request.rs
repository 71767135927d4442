//! Requests rendered before the clock starts.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use super::options::{Mode, Options};
use crate::stamp::{BLANK, Template};

/// A request's body type.
pub(crate) type Body = Full<Bytes>;

/// All requests of a run: the same head, and bodies to take turns among.
#[derive(Debug, Clone)]
pub struct Requests {
    /// `host:port`.
    pub authority: String,
    /// Events in one request; 1 for raw.
    pub events_per_request: u64,
    targets: Vec<Target>,
    headers: HeaderMap,
    bodies: Vec<Template>,
}

/// Where a request goes: for a pooled client, and for one connection.
#[derive(Debug, Clone)]
struct Target {
    absolute: Uri,
    relative: Uri,
}

impl Target {
    fn new(url: &str) -> anyhow::Result<Self> {
        let absolute: Uri = url.parse().with_context(|| format!("not a URL: {url}"))?;
        ensure!(absolute.scheme_str() == Some("http"), "only http: {url}");
        let relative = absolute.path_and_query().map_or("/", |p| p.as_str()).parse()?;
        Ok(Self { absolute, relative })
    }
}

/// The targets of a run follow each other by this many, so that neighbouring workers are at different ones.
const STRIDE: usize = 7_919;

impl Requests {
    /// Renders them.
    pub fn render(options: &Options) -> anyhow::Result<Self> {
        let paths = match options.mode {
            Mode::Single => vec!["/v1/events".to_owned()],
            Mode::Batch => vec!["/v1/events/batch".to_owned()],
            Mode::Purchase => purchase_paths(options)?,
            Mode::Raw => vec![String::new()],
        };
        let base = options.url.trim_end_matches('/');
        let targets =
            paths.iter().map(|path| Target::new(&format!("{base}{path}"))).collect::<anyhow::Result<Vec<_>>>()?;
        let first = targets.first().context("there is nowhere to send to")?;
        let authority = first.absolute.authority().context("a URL needs a host")?.clone();

        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &options.key {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))?);
        }
        Ok(Self {
            authority: authority.as_str().to_owned(),
            targets,
            headers,
            bodies: bodies(options),
            events_per_request: match options.mode {
                Mode::Batch => options.batch as u64,
                Mode::Single | Mode::Purchase | Mode::Raw => 1,
            },
        })
    }

    /// The `turn`th request, stamped with the time it was due; for one connection (relative).
    pub fn relative(&self, turn: usize, due_us: u64) -> Request<Body> {
        self.request(&self.target(turn).relative, turn, due_us)
    }

    /// The same for a pooled client, which chooses the connection by the URL.
    pub fn absolute(&self, turn: usize, due_us: u64) -> Request<Body> {
        self.request(&self.target(turn).absolute, turn, due_us)
    }

    fn target(&self, turn: usize) -> &Target {
        &self.targets[turn.wrapping_mul(STRIDE) % self.targets.len()]
    }

    fn request(&self, uri: &Uri, turn: usize, due_us: u64) -> Request<Body> {
        let body = &self.bodies[turn % self.bodies.len()];
        let mut request = Request::new(Full::new(body.stamped(due_us)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        request.headers_mut().clone_from(&self.headers);
        request
    }
}

fn bodies(options: &Options) -> Vec<Template> {
    let event = |turn: usize| {
        let data = data(options.bytes);
        format!(r#"{{"type":"{}","data":{data}}}"#, event_type(options, turn))
    };
    match options.mode {
        Mode::Raw => vec![Template::new(&data(options.bytes))],
        Mode::Purchase => (0..options.spread.unwrap_or(1)).map(|turn| Template::new(&purchase(turn))).collect(),
        Mode::Single => (0..options.spread.unwrap_or(1)).map(|turn| Template::new(&event(turn))).collect(),
        Mode::Batch => {
            let events: Vec<_> = (0..options.batch).map(event).collect();
            vec![Template::new(&format!(r#"{{"events":[{}]}}"#, events.join(",")))]
        }
    }
}

/// The purchases of every wallet named.
fn purchase_paths(options: &Options) -> anyhow::Result<Vec<String>> {
    let file = options.wallets.as_ref().context("--mode purchase needs --wallets")?;
    let wallets = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(wallets.lines().map(|wallet| format!("/v1/wallets/{wallet}/purchases")).collect())
}

/// A purchase whose event is about as long as the events of [`Mode::Single`].
fn purchase(turn: usize) -> String {
    let cents = turn % 90 + 10;
    format!(
        r#"{{"amount_usd":0.{cents},"vendor":"vendor-{turn}","description":"one call of a model","category":"inference"}}"#
    )
}

/// The type of the `turn`th event.
fn event_type(options: &Options, turn: usize) -> String {
    match options.spread {
        None => options.event_type.clone(),
        Some(spread) => {
            let family = options.event_type.split('.').next().unwrap_or("bench");
            format!("{family}.g{}", turn % spread.max(1))
        }
    }
}

/// An object of about `bytes` bytes with a send time and filling.
fn data(bytes: usize) -> String {
    let frame = format!(r#"{{"sent_us":{BLANK},"note":""}}"#);
    let filling = "x".repeat(bytes.saturating_sub(frame.len()));
    format!(r#"{{"sent_us":{BLANK},"note":"{filling}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn render(arguments: &[&str]) -> Requests {
        let base = ["load", "--url", "http://127.0.0.1:1"];
        let options = Options::parse_from(base.iter().chain(arguments));
        Requests::render(&options).expect("the options are valid")
    }

    #[test]
    fn a_raw_body_has_the_size_asked_for() {
        let requests = render(&["--mode", "raw", "--bytes", "400"]);
        assert_eq!(requests.bodies[0].bytes(), 400);
    }

    #[test]
    fn single_events_take_turns_among_types() {
        let requests = render(&["--spread", "3"]);
        let text: Vec<_> = (0..3).map(|turn| requests.bodies[turn].stamped(0)).collect();
        assert!(text[2].starts_with(br#"{"type":"bench.g2""#));
        assert_eq!(requests.relative(0, 1).uri(), "/v1/events");
    }

    #[test]
    fn a_batch_is_json_with_a_stamp_in_each_event() {
        let requests = render(&["--mode", "batch"]);
        let body = requests.bodies[0].stamped(1_763_849_000_123_456);
        let body: serde_json::Value = serde_json::from_slice(&body).expect("a batch is JSON");
        let events = body["events"].as_array().expect("it holds a list");
        assert_eq!(events.len(), 100);
        assert_eq!(events[99]["data"]["sent_us"], 1_763_849_000_123_456_u64);
    }
}
