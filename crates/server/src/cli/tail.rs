//! `bellwire events tail`: Server-Sent Events, taken up again where a connection broke, with nothing
//! missed and nothing twice.
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use super::{
    client::query,
    events::summary,
    failure::{Done, Exit},
    out::{clock_time, text},
    settings::Session,
};

/// A stream that is silent for so long is dead: the server sends a comment every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// The longest pause before connecting again.
const PAUSE_MAX: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(super) struct Tail {
    /// Types: exact or `family.*`, separated by commas
    #[arg(long = "type", alias = "types")]
    types: Option<String>,
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// Begin after this event's id [default: now]
    #[arg(long)]
    after: Option<String>,
    /// End after so many events
    #[arg(long)]
    count: Option<u64>,
    /// Print the data of each whole
    #[arg(long)]
    data: bool,
}

/// One message of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) id: Option<String>,
    pub(super) data: String,
}

/// Takes the bytes of a stream apart (WHATWG HTML, "Server-sent events").
#[derive(Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    frame: Frame,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub(super) fn next(&mut self) -> Option<Frame> {
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                let frame = std::mem::take(&mut self.frame);
                if !frame.data.is_empty() {
                    return Some(frame);
                }
                continue;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => self.frame.id = Some(value.to_owned()),
                "data" => {
                    if !self.frame.data.is_empty() {
                        self.frame.data.push('\n');
                    }
                    self.frame.data.push_str(value);
                }
                _ => {}
            }
        }
        None
    }
}

/// What ended one connection.
enum Ended {
    /// As many as were asked for.
    Enough,
    Lost(String),
}

impl Tail {
    pub(super) async fn run(mut self, session: &Session) -> Done {
        // A place first: what happens before the stream is open is not missed.
        let mut after = match self.after.take() {
            Some(after) => after,
            None => text(&session.client.get("/v1/events/poll?limit=1").await?.value, "next_cursor"),
        };
        if !session.out.json {
            session.out.note("following events; Ctrl-C ends");
        }
        tokio::select! {
            done = self.follow(session, &mut after) => done,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }

    async fn follow(&mut self, session: &Session, after: &mut String) -> Done {
        let mut pause = Duration::from_millis(250);
        let mut opened = false;
        loop {
            let path = query(
                "/v1/events/stream",
                &[("types", self.types.clone()), ("namespace", self.namespace.clone()), ("after", Some(after.clone()))],
            );
            let lost = match session.client.stream(&path, None).await {
                Ok(response) => {
                    if opened {
                        session.out.note("connected again; nothing was missed");
                    }
                    (opened, pause) = (true, Duration::from_millis(250));
                    match self.read(session, response.into_body(), after).await? {
                        Ended::Enough => return Ok(()),
                        Ended::Lost(why) => why,
                    }
                }
                Err(failure) if opened && matches!(failure.exit, Exit::Unreachable | Exit::TimedOut) => {
                    "the server cannot be reached".to_owned()
                }
                Err(failure) => return Err(failure),
            };
            session.out.note(format!("{lost}; trying again in {} ms", pause.as_millis()));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn read(&mut self, session: &Session, mut body: Incoming, after: &mut String) -> Done<Ended> {
        let mut frames = Frames::default();
        loop {
            let chunk: Bytes = match tokio::time::timeout(SILENCE_MAX, body.frame()).await {
                Err(_) => return Ok(Ended::Lost("the connection is silent".into())),
                Ok(None | Some(Err(_))) => return Ok(Ended::Lost("the connection was lost".into())),
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            frames.push(&chunk);
            while let Some(frame) = frames.next() {
                self.print(session, &frame)?;
                if let Some(id) = frame.id {
                    *after = id;
                }
                if let Some(count) = &mut self.count {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        return Ok(Ended::Enough);
                    }
                }
            }
        }
    }

    fn print(&self, session: &Session, frame: &Frame) -> Done {
        if session.out.json {
            return session.out.line(&frame.data);
        }
        let event: Value = serde_json::from_str(&frame.data)?;
        let time = event["timestamp"].as_str().and_then(|text| text.parse().ok()).map(clock_time).unwrap_or_default();
        let data = if self.data { event["data"].to_string() } else { summary(&event["data"]) };
        session.out.line(format!("{time}  {:<24} {}  {data}", text(&event, "type"), text(&event, "id")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_whole_however_the_bytes_are_cut() {
        let stream =
            b": connected\n\nid: evt_1\nevent: a.b\ndata: {\"a\":1}\n\n:heartbeat\n\ndata: x\r\ndata: y\r\n\r\n";
        for size in [1, 7, stream.len()] {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for chunk in stream.chunks(size) {
                frames.push(chunk);
                while let Some(frame) = frames.next() {
                    found.push(frame);
                }
            }
            assert_eq!(
                found,
                [Frame { id: Some("evt_1".into()), data: "{\"a\":1}".into() }, Frame { id: None, data: "x\ny".into() },]
            );
        }
    }
}
