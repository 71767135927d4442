//! NATS JetStream.
//!
//! An event is one message: its envelope as the standard dialect sends it, on
//! `<prefix>.<workspace>.<namespace>.<type>`. The stream drops a message whose `Nats-Msg-Id` it has seen
//! within its window. In a batch each message names the one before it as the last that it expects: if
//! one is lost on the way, those after it are refused, and order holds.
use std::{path::PathBuf, time::Duration};

use async_nats::{
    Client, ConnectOptions, HeaderMap, ServerAddr,
    connection::State,
    jetstream::{
        self, Context, ErrorCode,
        context::{GetStreamErrorKind, PublishErrorKind},
        message::PublishMessage,
        stream,
    },
};
use bellwire_domain::event::{Begin, StoredEvent};
use bellwire_wire::{Dialect, Event};

use super::{Failed, Publisher};
use crate::{config::SecretUrl, egress};

/// How long the stream remembers ids, if it is made here: more than a restart takes.
const REMEMBERS: Duration = Duration::from_mins(2);
/// How long connecting or one confirmation may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is set.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// Servers, separated by commas: `nats://` or `tls://`, with a user and a password if need be.
    pub url: SecretUrl,
    /// Subjects begin with it.
    pub subject: String,
    /// The stream; made if absent.
    pub stream: String,
    /// Where to begin the first time.
    pub from: Begin,
}

impl NatsConfig {
    /// Checks what NATS would refuse later.
    pub fn check(self) -> anyhow::Result<Self> {
        // No error repeats the URL.
        anyhow::ensure!(
            servers(self.url.expose()).is_some(),
            "nats_url must look like nats://host:4222, several of them separated by commas"
        );
        let token = |text: &str| !text.is_empty() && text.bytes().all(is_plain);
        anyhow::ensure!(
            self.subject.split('.').all(token) && self.subject.len() <= 128,
            "nats_subject must be words of A-Z a-z 0-9 _ - joined by dots"
        );
        anyhow::ensure!(token(&self.stream) && self.stream.len() <= 128, "nats_stream must be of A-Z a-z 0-9 _ -");
        Ok(self)
    }
}

fn servers(url: &str) -> Option<Vec<ServerAddr>> {
    let server = |text: &str| match text.trim().split_once("://") {
        Some(("nats" | "tls", host)) if !host.is_empty() => text.trim().parse().ok(),
        _ => None,
    };
    url.split(',').map(server).collect()
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A connection to NATS, made when it is needed.
pub struct Nats {
    config: NatsConfig,
    ca_files: Vec<PathBuf>,
    /// Messages of a stream that is made here are kept so long.
    keep: Duration,
    connected: Option<(Client, Context)>,
    /// Whether the stream was there.
    ready: bool,
}

impl Nats {
    /// Connects at the first event. `keep`: how long the stream keeps messages, if it is made here.
    pub fn new(config: NatsConfig, ca_files: Vec<PathBuf>, keep: Duration) -> Self {
        Self { config, ca_files, keep, connected: None, ready: false }
    }

    /// Whether NATS is there, and whether its stream is or will be made; in words. Nothing is published: whoever reads
    /// the stream would read it.
    pub async fn try_out(config: NatsConfig, ca_files: Vec<PathBuf>) -> Result<String, String> {
        let nats = Self::new(config, ca_files, Duration::ZERO);
        let (_, context) = nats.connect().await.map_err(|error| format!("NATS cannot be reached: {error}."))?;
        let stream = &nats.config.stream;
        match context.get_stream(stream).await {
            Ok(_) => Ok(format!("Connected; the stream {stream} is there.")),
            Err(error) if is_absent(error.kind()) => {
                Ok(format!("Connected; the stream {stream} is not there yet: it is made before the next event."))
            }
            Err(error) => Err(format!("Connected, but the stream {stream} cannot be used: {error}.")),
        }
    }

    /// A connection that works and a stream that is there.
    async fn context(&mut self) -> Result<Context, String> {
        let (client, context) = if let Some(connected) = &self.connected {
            connected.clone()
        } else {
            let connected = self.connect().await?;
            self.connected.insert(connected).clone()
        };
        if client.connection_state() != State::Connected {
            // It comes back by itself; until then nothing gathers in its buffer.
            return Err("the connection is lost".into());
        }
        if !self.ready {
            self.ensure(&context).await?;
            self.ready = true;
        }
        Ok(context)
    }

    async fn connect(&self) -> Result<(Client, Context), String> {
        let mut tls = egress::tls::client_config(&self.ca_files).map_err(|error| error.to_string())?;
        tls.alpn_protocols.clear();
        let client = ConnectOptions::new()
            .name("bellwire")
            .tls_client_config(tls)
            .connection_timeout(PATIENCE)
            .connect(servers(self.config.url.expose()).unwrap_or_default())
            .await
            .map_err(|error| error.to_string())?;
        tracing::info!("connected to NATS");
        let mut context = jetstream::new(client.clone());
        context.set_timeout(PATIENCE);
        Ok((client, context))
    }

    /// Makes the stream if there is none; one that is there is left as it is.
    async fn ensure(&self, context: &Context) -> Result<(), String> {
        match context.get_stream(&self.config.stream).await {
            Ok(_) => return Ok(()),
            Err(error) if is_absent(error.kind()) => {}
            Err(error) => return Err(error.to_string()),
        }
        let made = context.create_stream(stream::Config {
            name: self.config.stream.clone(),
            subjects: vec![format!("{}.>", self.config.subject)],
            duplicate_window: REMEMBERS,
            max_age: self.keep,
            storage: stream::StorageType::File,
            ..stream::Config::default()
        });
        made.await.map_err(|error| error.to_string())?;
        tracing::info!(stream = self.config.stream, "made the stream");
        Ok(())
    }

    async fn send(&mut self, batch: &[StoredEvent]) -> Result<(), Failed> {
        let context = self.context().await.map_err(|why| Failed { published: 0, why })?;
        let (mut sent, mut previous, mut failed) = (Vec::with_capacity(batch.len()), None, None);
        for stored in batch {
            let event = &stored.event;
            let id = message_id(event);
            let message = message(event, &id, previous.as_deref());
            match context.send_publish(subject(&self.config.subject, event), message).await {
                Ok(confirmation) => {
                    sent.push(Some(confirmation));
                    previous = Some(id);
                }
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    tracing::error!(event = %event.id, workspace = %event.workspace_id, %error,
                        "this event is left out: NATS takes no message so large (max_payload)");
                    metrics::counter!("bellwire_publish_left_out_total", "publisher" => Self::NAME).increment(1);
                    sent.push(None);
                }
                Err(error) => {
                    failed = Some(error.to_string());
                    break;
                }
            }
        }
        for (published, confirmation) in sent.into_iter().enumerate() {
            if let Some(confirmation) = confirmation
                && let Err(error) = confirmation.await
            {
                return Err(Failed { published, why: error.to_string() });
            }
        }
        match failed {
            None => Ok(()),
            Some(why) => Err(Failed { published: 0, why }),
        }
    }
}

impl Publisher for Nats {
    const NAME: &'static str = "nats";

    async fn publish(&mut self, batch: &[StoredEvent]) -> Result<(), Failed> {
        let told = self.send(batch).await;
        // The stream may be gone with the server that had it.
        self.ready = self.ready && told.is_ok();
        told
    }
}

/// Whether NATS says that there is no stream of that name.
fn is_absent(kind: GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// What the stream knows a message by. Ids of events are unique in their workspace only.
fn message_id(event: &Event) -> String {
    format!("{}/{}", event.workspace_id, event.id)
}

fn message(event: &Event, id: &str, previous: Option<&str>) -> PublishMessage {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", Dialect::Standard.content_type());
    headers.insert("bellwire-id", event.id.as_str());
    headers.insert("bellwire-event", event.kind.as_str());
    headers.insert("bellwire-timestamp", event.timestamp.to_string().as_str());
    headers.insert("bellwire-workspace", event.workspace_id.as_str());
    let message =
        PublishMessage::build().payload(Dialect::Standard.encode(event).into()).headers(headers).message_id(id);
    match previous {
        Some(previous) => message.expected_last_message_id(previous),
        None => message,
    }
}

/// `<prefix>.<workspace>.<namespace>.<type>`. A namespace is one word of it, whatever it holds; the
/// words of a type stay words.
fn subject(prefix: &str, event: &Event) -> String {
    let word = |text: &str| -> String {
        text.chars().map(|c| if u8::try_from(c).is_ok_and(is_plain) { c } else { '_' }).collect()
    };
    let namespace = event.namespace.as_ref().map_or_else(|| "_".to_owned(), |name| word(name.as_str()));
    let kind: Vec<String> = event.kind.as_str().split('.').map(word).collect();
    format!("{prefix}.{}.{namespace}.{}", word(event.workspace_id.as_str()), kind.join("."))
}

#[cfg(test)]
mod tests {
    use bellwire_wire::{EventId, EventType, Namespace, Timestamp, WorkspaceId};

    use super::*;

    fn event(namespace: Option<&str>) -> Event {
        Event {
            id: EventId::from_stored("evt_1"),
            kind: EventType::from_stored("order.line.paid"),
            timestamp: Timestamp::from_seconds(0),
            workspace_id: WorkspaceId::from_stored("ws_1"),
            namespace: namespace.map(Namespace::from_stored),
            source: None,
            data: serde_json::value::RawValue::from_string("{}".into()).expect("JSON"),
        }
    }

    #[test]
    fn a_namespace_is_one_word_of_a_subject_and_a_type_as_many_as_it_has() {
        assert_eq!(subject("bw", &event(None)), "bw.ws_1._.order.line.paid");
        assert_eq!(subject("a.b", &event(Some("acme.eu-1_x"))), "a.b.ws_1.acme_eu-1_x.order.line.paid");
    }

    #[test]
    fn what_nats_would_refuse_is_refused_at_the_start_and_no_password_is_shown() {
        let config = |url: &str, subject: &str, stream: &str| {
            NatsConfig { url: SecretUrl::new(url), subject: subject.into(), stream: stream.into(), from: Begin::Newest }
                .check()
        };
        let good = config("nats://u:planted@a:4222, tls://b", "bell.wire", "BELL_WIRE").expect("it is good");
        assert!(!format!("{good:?}").contains("planted"));
        for (url, subject, stream) in [
            ("http://u:planted@h", "a", "A"),
            ("", "a", "A"),
            ("nats://u:planted@a", "a..b", "A"),
            ("nats://u:planted@a", "a.>", "A"),
            ("nats://u:planted@a", "", "A"),
            ("nats://u:planted@a", "a", "A.B"),
        ] {
            let error = config(url, subject, stream).expect_err("it is refused").to_string();
            assert!(!error.contains("planted"), "{error}");
        }
    }
}
