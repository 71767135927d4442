//! `bellwire events`: posted, listed, looked into, followed.
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{
    args,
    client::{query, segment},
    failure::{Done, Failure},
    out::{Out, card, items, text},
    settings::Session,
    tail::Tail,
};

#[derive(Subcommand)]
pub(super) enum Events {
    /// Print events as they happen; a lost connection is taken up where it broke
    Tail(Tail),
    /// List them, newest first
    List(List),
    /// Show one and where it went
    Get { id: String },
    /// Post one
    Post(Post),
}

#[derive(Args)]
pub(super) struct List {
    /// Types: exact or `family.*`, separated by commas
    #[arg(long = "type")]
    kind: Option<String>,
    /// Only this namespace's
    #[arg(long)]
    namespace: Option<String>,
    /// After this: a time, or a duration back from now
    #[arg(long)]
    since: Option<String>,
    /// Until this
    #[arg(long)]
    until: Option<String>,
    /// How many, 1 to 200 [default: 50]
    #[arg(long)]
    limit: Option<u32>,
    /// The page after this one
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Args)]
pub(super) struct Post {
    /// Lower-case words joined by dots, such as invoice.paid
    #[arg(value_name = "TYPE")]
    kind: String,
    /// The data as JSON, `@FILE`, or `-` for stdin [default: {}]
    #[arg(long)]
    data: Option<String>,
    /// Puts a value into the data; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = args::assignment)]
    assignments: Vec<(String, Value)>,
    /// Which customer's
    #[arg(long)]
    namespace: Option<String>,
    /// An id of your own: repeating it is harmless
    #[arg(long)]
    id: Option<String>,
}

impl Post {
    fn data(&self) -> Done<Value> {
        let text = match self.data.as_deref() {
            None => return Ok(Value::Object(Map::new())),
            Some("-") => args::read("-")?,
            Some(text) => match text.strip_prefix('@') {
                Some(path) => args::read(path)?,
                None => text.as_bytes().to_vec(),
            },
        };
        serde_json::from_slice(&text).map_err(|error| Failure::usage(format!("--data is not JSON: {error}")))
    }
}

/// Posts an event and prints what became of it.
pub(super) async fn post(
    session: &Session,
    kind: &str,
    namespace: Option<&str>,
    id: Option<&str>,
    mut data: Value,
    assignments: &[(String, Value)],
) -> Done {
    args::assign(&mut data, assignments)?;
    let mut body = Map::new();
    body.insert("type".into(), kind.into());
    body.insert("data".into(), data);
    if let Some(namespace) = namespace {
        body.insert("namespace".into(), namespace.into());
    }
    if let Some(id) = id {
        body.insert("id".into(), id.into());
    }
    let answer = session.client.post("/v1/events", &Value::Object(body)).await?;
    session.out.show(&answer, |value| {
        let many = match value["deliveries"].as_u64() {
            Some(0) => "no endpoint subscribes to it".to_owned(),
            Some(1) => "on its way to 1 endpoint".to_owned(),
            many => format!("on its way to {} endpoints", many.unwrap_or_default()),
        };
        format!("{}  {}  {many}", text(&value["event"], "id"), text(&value["event"], "type"))
    })
}

impl Events {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        match self {
            Self::Tail(tail) => tail.run(session).await,
            Self::List(list) => {
                let path = query(
                    "/v1/events",
                    &[
                        ("type", list.kind),
                        ("namespace", list.namespace),
                        ("since", list.since),
                        ("until", list.until),
                        ("limit", list.limit.map(|limit| limit.to_string())),
                        ("cursor", list.cursor),
                    ],
                );
                out.show(&client.get(&path).await?, |value| table(out, value))
            }
            Self::Get { id } => {
                let answer = client.get(&format!("/v1/events/{}", segment(&id))).await?;
                out.show(&answer, |value| shown(out, value))
            }
            Self::Post(event) => {
                let data = event.data()?;
                let (namespace, id) = (event.namespace.as_deref(), event.id.as_deref());
                post(session, &event.kind, namespace, id, data, &event.assignments).await
            }
        }
    }
}

fn table(out: Out, value: &Value) -> String {
    let row = |event: &Value| {
        vec![
            out.when(&event["timestamp"]),
            text(event, "type"),
            text(event, "id"),
            text(event, "namespace"),
            summary(&event["data"]),
        ]
    };
    let rows = items(value, "events").iter().map(row).collect();
    out.table(&["when", "type", "id", "namespace", "data"], rows, "no events match")
}

/// The beginning of the data.
pub(super) fn summary(data: &Value) -> String {
    const CHARS: usize = 60;
    let text = data.to_string();
    if text.chars().count() <= CHARS {
        return text;
    }
    text.chars().take(CHARS - 1).chain(['…']).collect()
}

fn shown(out: Out, value: &Value) -> String {
    let head = card(&[
        ("id", text(value, "id")),
        ("type", text(value, "type")),
        ("when", out.when(&value["timestamp"])),
        ("namespace", text(value, "namespace")),
        ("source", text(value, "source")),
    ]);
    let data = serde_json::to_string_pretty(&value["data"]).unwrap_or_default();
    format!("{head}\n\n{data}\n\n{}", super::deliveries::table(out, value, "it went to no endpoint"))
}
