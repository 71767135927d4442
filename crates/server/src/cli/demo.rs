//! `bellwire demo`: the whole story in one terminal, on a server and a receiver in this process.
use std::{path::PathBuf, time::Duration};

use bellwire_wire::Scheme;
use clap::Args;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    client::{Client, segment},
    failure::{Done, Failure},
    local::Local,
    out::{Out, Tone, text},
    receiver::{Behaviour, Caught, Receiver},
};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a delivery is asked about.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(super) struct Demo {
    /// Keep the data here [default: a directory that goes when the demo ends]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Where the server listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: String,
    /// End after the story instead of leaving the server open
    #[arg(long)]
    exit: bool,
}

/// Who tells the story.
struct Story {
    out: Out,
    client: Client,
    caught: mpsc::UnboundedReceiver<Caught>,
    receiver_url: String,
    chapter: u32,
}

impl Demo {
    pub(super) async fn run(self, out: Out, key: Option<String>) -> Done {
        let tasks = TaskTracker::new();
        // The key of the environment is another server's, unless the data is kept.
        let key = key.filter(|_| self.data_dir.is_some());
        let local = Local::start("demo", self.data_dir.as_deref(), &self.listen, key, &tasks).await?;
        let receiver = Receiver::bind("127.0.0.1:0", Behaviour::default()).await?;
        let control = receiver.control();
        let receiver_url = format!("http://{}/hook", receiver.address);
        let (sender, caught) = mpsc::unbounded_channel();
        let mut receivers = tokio::task::JoinSet::new();
        receivers.spawn(receiver.run(sender, CancellationToken::new()));
        let mut story = Story { out, client: local.client.clone(), caught, receiver_url, chapter: 0 };
        let told = tokio::select! {
            told = story.tell(&control) => told.map(|()| true),
            _ = tokio::signal::ctrl_c() => Ok(false),
        };
        if matches!(told, Ok(true)) && !self.exit {
            story.say(&format!(
                "\nThe server stays open at {}. In another terminal:\n\n  export BELLWIRE_URL={}\n  export BELLWIRE_KEY={}\n  bellwire events tail\n\nCtrl-C ends it.",
                local.client.base(), local.client.base(), local.key
            ))?;
            drop(tokio::signal::ctrl_c().await);
        }
        local.stop().await;
        told.map(drop)
    }
}

impl Story {
    /// Talk of the story; nothing of it in JSON, where only the steps are told.
    fn say(&self, text: &str) -> Done {
        if self.out.json { Ok(()) } else { self.out.line(text) }
    }

    fn step(&mut self, title: &str) -> Done {
        self.chapter += 1;
        let title = format!("{}. {title}", self.chapter);
        self.say(&format!("\n{}", self.out.paint(Tone::Bold, &title)))
    }

    fn done(&self, step: &str, detail: &str, facts: &Value) -> Done {
        if self.out.json {
            return self.out.line(json!({"step": step, "detail": detail, "facts": facts}).to_string());
        }
        self.say(&format!("   {} {detail}", self.out.paint(Tone::Good, "✓")))
    }

    /// The same by hand.
    fn curl(&self, method: &str, path: &str, body: Option<&Value>) -> Done {
        let method = if method == "GET" { String::new() } else { format!("-X {method} ") };
        let mut text = format!("   $ curl {method}\"$BELLWIRE_URL{path}\" -H \"authorization: Bearer $BELLWIRE_KEY\"");
        if let Some(body) = body {
            text = format!("{text} \\\n       -d '{body}'");
        }
        self.say(&self.out.paint(Tone::Dim, &text))
    }

    async fn post(&self, path: &str, body: Value) -> Done<Value> {
        self.curl("POST", path, Some(&body))?;
        Ok(self.client.post(path, &body).await?.value)
    }

    async fn arrives(&mut self, wanted: &str) -> Done<Caught> {
        let wait = async {
            loop {
                let one = self.caught.recv().await.ok_or_else(|| Failure::failed("the receiver is gone"))?;
                if one.header("webhook-id") == Some(wanted) {
                    return Ok(one);
                }
            }
        };
        let late = || Err(Failure::failed(format!("{wanted} did not arrive within {} s", PATIENCE.as_secs())));
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| late())
    }

    /// The delivery of an event, once it is in this state.
    async fn delivery(&self, event: &str, status: &str) -> Done<Value> {
        let wait = async {
            loop {
                let event = self.client.get(&format!("/v1/events/{}", segment(event))).await?.value;
                if event["deliveries"][0]["status"] == status {
                    return Ok(event["deliveries"][0].clone());
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let late = || Err(Failure::failed(format!("the delivery did not become {status}")));
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| late())
    }

    async fn tell(&mut self, behave: &(impl Fn(Behaviour) + Sync)) -> Done {
        self.say(&format!("A server runs at {} and a receiver at {}.", self.client.base(), self.receiver_url))?;
        self.step("Subscribe: an endpoint for every invoice event, tried again after 1 s and 1 s")?;
        let form = json!({"url": self.receiver_url, "events": ["invoice.*"], "retry": {"schedule": ["1s", "1s"]}});
        let endpoint = self.post("/v1/webhooks", form).await?["endpoint"].take();
        let (endpoint_id, secret) = (text(&endpoint, "id"), text(&endpoint, "secret"));
        self.done("subscribe", &format!("{endpoint_id}, secret {secret}"), &json!({"endpoint_id": endpoint_id}))?;

        self.step("Post an event; it is on disk when this answers")?;
        let event =
            json!({"type": "invoice.paid", "namespace": "acme", "data": {"invoice": "INV-1", "amount_usd": 120}});
        let posted = self.post("/v1/events", event).await?;
        let first = text(&posted["event"], "id");
        self.done("post", &format!("{first} is accepted, for {} endpoint", posted["deliveries"]), &posted)?;

        self.step("It arrives, signed")?;
        let one = self.arrives(&first).await?;
        let body = String::from_utf8_lossy(&one.body).into_owned();
        self.say(&format!("   {} {}", one.method, one.path))?;
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            self.say(&format!("   {name}: {}", one.header(name).unwrap_or_default()))?;
        }
        self.say(&format!("   {body}"))?;
        let verified = one.check(Scheme::Standard, &secret);
        if verified.is_err() {
            return Err(Failure::failed("the signature does not verify"));
        }
        self.done(
            "verify",
            "the signature is valid (HMAC-SHA256 over id, time and raw body)",
            &json!({"event_id": first}),
        )?;

        self.step("The receiver breaks: it answers 500 from now on")?;
        behave(Behaviour { status: StatusCode::INTERNAL_SERVER_ERROR, ..Behaviour::default() });
        let event =
            json!({"type": "invoice.paid", "namespace": "acme", "data": {"invoice": "INV-2", "amount_usd": 80}});
        let second = text(&self.post("/v1/events", event).await?["event"], "id");
        for attempt in 1..=3 {
            let one = self.arrives(&second).await?;
            let next =
                one.header("bellwire-will-retry-after").map_or("no more".to_owned(), |s| format!("the next in {s} s"));
            self.say(&format!("   attempt {attempt}: answered 500, {next}"))?;
        }
        let dead = self.delivery(&second, "failed").await?;
        let id = text(&dead, "id");
        self.done("dead_letter", &format!("{id} is a dead letter: kept, listed, not lost"), &dead)?;
        self.curl("GET", &format!("/v1/webhooks/{endpoint_id}/deliveries?status=failed"), None)?;

        self.step("The receiver is mended: replay what failed")?;
        behave(Behaviour::default());
        let job = self.post(&format!("/v1/webhooks/{endpoint_id}/replay"), json!({"status": "failed"})).await?;
        let again = self.arrives(&second).await?;
        if again.check(Scheme::Standard, &secret).is_err() {
            return Err(Failure::failed("the signature of the replay does not verify"));
        }
        let healed = self.delivery(&second, "success").await?;
        self.done("replay", &format!("{second} arrived, freshly signed; {} is delivered", text(&healed, "id")), &job)?;
        self.say("\nThat is the main job: accepted means kept, and kept means delivered or shown to you.")
    }
}
