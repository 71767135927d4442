//! What a listener remembers, by server, workspace and name: its endpoint and secret, when it was last
//! there, and the delivery it holds.
use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    time::Duration,
};

use bellwire_wire::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    cli::{
        client::segment,
        failure::{Done, Failure},
        out::text,
        settings::Session,
        state,
    },
    clock::Clock,
};

use super::LEASE;

/// An endpoint made by an earlier run.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Known {
    server: String,
    workspace_id: String,
    endpoint_id: String,
    secret: String,
}

/// What is written down with every delivery: how far this listener is.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Journal {
    seen_at: Option<Timestamp>,
    held: Option<Held>,
    /// What the receiver took, and what it answered, of which the server could not be told in time.
    taken: Vec<(String, u16)>,
}

/// So many of those are remembered. Keeps I12.
const TAKEN_MAX: usize = 16;

/// A delivery that is held.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) delivery: Value,
    /// What the receiver answered, if it took the delivery: the server is still to be told.
    pub(super) status: Option<u16>,
}

/// What can be missed, and why.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) reason: Reason,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

#[derive(Debug)]
pub(super) enum Reason {
    /// Away for longer than the server keeps events.
    Retention(Duration),
    /// Somebody removed the endpoint, or it is another server.
    EndpointGone,
}

impl Reason {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Retention(_) => "retention",
            Self::EndpointGone => "endpoint_gone",
        }
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Retention(kept) => format!("the server keeps events for {} days", kept.as_secs() / 86_400),
            Self::EndpointGone => "the endpoint was removed meanwhile, and the new one has another secret; \
                `bellwire deliveries replay ID --since TIME --missing` tells it the past"
                .to_owned(),
        }
    }
}

pub(super) struct Place {
    folder: PathBuf,
    stem: String,
    server: String,
    workspace_id: String,
    pub(super) known: Option<Known>,
    journal: Journal,
    lock: Option<File>,
}

/// The name of a listener, as it is in a file's name.
pub(super) fn name(text: &str) -> Result<String, String> {
    let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    if (1..=40).contains(&text.len()) && text.bytes().all(good) {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 40 characters of a-z 0-9 - _".into())
}

/// How often it is written down that a listener is there, while nothing comes.
const SEEN_EVERY: Duration = Duration::from_mins(1);

impl Place {
    pub(super) async fn of(session: &Session, name: &str) -> Done<Self> {
        let server = session.client.base().to_owned();
        let workspace_id = text(&session.client.get("/v1/me").await?.value, "workspace_id");
        let hash = blake3::hash(format!("{server} {workspace_id}").as_bytes()).to_hex();
        let stem = format!("{name}-{}", hash.get(..16).unwrap_or_default());
        let folder = session.global.state_path("listen")?;
        let known: Known = state::load(&folder.join(format!("{stem}.toml")))?;
        // Half a journal is none: what was held comes again by itself.
        let journal = fs::read(folder.join(format!("{stem}.json"))).unwrap_or_default();
        Ok(Self {
            folder,
            stem,
            server,
            workspace_id,
            known: Some(known).filter(|known| !known.endpoint_id.is_empty()),
            journal: serde_json::from_slice(&journal).unwrap_or_default(),
            lock: None,
        })
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.stem))
    }

    pub(super) fn endpoint_id(&self) -> &str {
        self.known.as_ref().map_or("", |known| &known.endpoint_id)
    }

    pub(super) fn secret(&self) -> &str {
        self.known.as_ref().map_or("", |known| &known.secret)
    }

    /// One process a name: two would take each other's deliveries.
    pub(super) fn lock(&mut self, name: &str) -> Done {
        let lock = state::lock(&self.file("lock"))?;
        let refused = || {
            Failure::failed(format!("another `bellwire listen` is at it as `{name}`"))
                .hint("end that one, or give this one a name of its own with --name: both then get every event")
        };
        self.lock = Some(lock.ok_or_else(refused)?);
        Ok(())
    }

    /// The endpoint of this name: the one an earlier run made, as it is wished for now, or a new one. What was missed
    /// since the earlier run, if anything can have been.
    pub(super) async fn endpoint(&mut self, session: &Session, wishes: &Value, description: &str) -> Done<Option<Gap>> {
        let client = &session.client;
        let (now, seen) = (Clock::SYSTEM.now(), self.journal.seen_at);
        if let Some(known) = &self.known {
            match client.patch(&format!("/v1/webhooks/{}", segment(&known.endpoint_id)), wishes).await {
                Ok(_) => {
                    let settings = client.get("/v1/settings").await?.value;
                    let kept = Duration::from_secs(settings["retention_s"].as_u64().unwrap_or(u64::MAX / 1_000_000));
                    let to = now.before(kept);
                    let missed = seen.filter(|from| *from < to);
                    return Ok(missed.map(|from| Gap { reason: Reason::Retention(kept), from, to }));
                }
                Err(failure) if failure.status() == Some(404) => self.journal.held = None,
                Err(failure) => return Err(failure),
            }
        }
        let mut form = wishes.clone();
        form["kind"] = "pull".into();
        form["description"] = description.into();
        let made = client.post("/v1/webhooks", &form).await?;
        let endpoint = &made.value["endpoint"];
        let known = Known {
            server: self.server.clone(),
            workspace_id: self.workspace_id.clone(),
            endpoint_id: text(endpoint, "id"),
            secret: text(endpoint, "secret"),
        };
        state::save(&self.file("toml"), &known)?;
        let gone = self.known.replace(known).is_some();
        Ok(seen.filter(|_| gone).map(|from| Gap { reason: Reason::EndpointGone, from, to: now }))
    }

    /// How many deliveries the server has given up.
    pub(super) async fn dead_letters(&self, session: &Session) -> Done<u64> {
        let path = format!("/v1/webhooks/{}/deliveries?status=failed&limit=1", segment(self.endpoint_id()));
        Ok(session.client.get(&path).await?.value["total"].as_u64().unwrap_or_default())
    }

    /// What a run held that was killed, if the server still keeps it for this listener.
    pub(super) async fn resume(&mut self, session: &Session) -> Done<Option<Held>> {
        let Some(mut held) = self.journal.held.take() else { return Ok(None) };
        let path = format!("/v1/deliveries/{}/extend", segment(&text(&held.delivery, "id")));
        let longer = json!({"lease_id": held.delivery["lease_id"], "lease": LEASE});
        match session.client.post(&path, &longer).await {
            Ok(_) => {
                // The lease has another name now; nobody else can have it.
                held.delivery["lease_id"] = Value::Null;
                Ok(Some(held))
            }
            Err(failure) if matches!(failure.status(), Some(404 | 409)) => {
                let id = text(&held.delivery, "id");
                let ended = session.client.get(&format!("/v1/deliveries/{}", segment(&id))).await;
                let is_told = ended.is_ok_and(|ended| ended.value["status"] == "success");
                if let Some(status) = held.status.filter(|_| !is_told) {
                    self.remember_taken(&id, status);
                }
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// A delivery that came: if the receiver took it already, only the server is still to be told.
    pub(super) fn held(&mut self, delivery: Value) -> Held {
        let id = text(&delivery, "id");
        let known = self.journal.taken.iter().position(|(taken, _)| *taken == id);
        Held { delivery, status: known.map(|at| self.journal.taken.remove(at).1) }
    }

    /// Remembers what the receiver answered to a delivery that the server brings again.
    pub(super) fn remember_taken(&mut self, id: &str, status: u16) {
        self.journal.taken.push((id.to_owned(), status));
        let surplus = self.journal.taken.len().saturating_sub(TAKEN_MAX);
        self.journal.taken.drain(..surplus);
    }

    /// Writes down what is held, and that this listener is there.
    pub(super) fn note(&mut self, held: Option<&Held>) -> Done {
        self.journal.seen_at = Some(Clock::SYSTEM.now());
        self.journal.held = held.cloned();
        self.write()
    }

    /// Writes down now and then that this listener is there.
    pub(super) fn seen(&mut self) -> Done {
        let now = Clock::SYSTEM.now();
        if self.journal.seen_at.is_some_and(|seen| now.since(seen) < SEEN_EVERY) {
            return Ok(());
        }
        self.journal.seen_at = Some(now);
        self.write()
    }

    /// Not synced: after a crash of the machine the worst is that a delivery comes again.
    fn write(&self) -> Done {
        let (path, fresh) = (self.file("json"), self.file("json.new"));
        let write = || -> std::io::Result<()> {
            let mut file = state::private(&fresh)?;
            file.write_all(json!(self.journal).to_string().as_bytes())?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))
    }
}
