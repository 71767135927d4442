//! `bellwire trigger`: posts a valid sample of an event type.
use bellwire_wire::catalog;
use clap::Args;
use serde_json::{Map, Value, json};

use super::{
    args,
    client::segment,
    events::post,
    failure::{Done, Exit, Failure},
    near::nearest,
    out::{Out, items, text},
    sample,
    settings::Session,
};

#[derive(Args)]
pub(super) struct Trigger {
    /// A type of the catalog or a custom one, such as purchase.succeeded
    #[arg(value_name = "TYPE", required_unless_present = "list")]
    kind: Option<String>,
    /// List the types there are
    #[arg(long, conflicts_with_all = ["kind", "assignments", "seed", "namespace", "print"])]
    list: bool,
    /// Puts a value into the data, JSON or text; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = args::assignment)]
    assignments: Vec<(String, Value)>,
    /// Vary the sample; the same for the same seed
    #[arg(long)]
    seed: Option<u64>,
    /// Which customer's
    #[arg(long)]
    namespace: Option<String>,
    /// Print the sample and post nothing
    #[arg(long)]
    print: bool,
}

impl Trigger {
    pub(super) async fn run(self, session: &Session) -> Done {
        let Some(kind) = self.kind else { return list(session).await };
        let mut data = Value::Object(Map::new());
        if let Some(found) = known(session, &kind).await? {
            let schema = found.get("schema").unwrap_or(&Value::Null);
            let example = found.get("example").filter(|example| example.is_object());
            let made = sample::data(example, schema, self.seed);
            if made.is_object() {
                data = made;
            }
        } else {
            session.out.note(format!("{kind} is not registered: its data is what --set says"));
        }
        if self.print {
            args::assign(&mut data, &self.assignments)?;
            let event = json!({"type": kind, "namespace": self.namespace, "data": data});
            return session.out.line(if session.out.json {
                event.to_string()
            } else {
                serde_json::to_string_pretty(&event)?
            });
        }
        post(session, &kind, self.namespace.as_deref(), None, data, &self.assignments).await
    }
}

/// The type of this name; nothing, if it is a custom one that nobody registered.
async fn known(session: &Session, kind: &str) -> Done<Option<Value>> {
    match session.client.get(&format!("/v1/event-types/{}", segment(kind))).await {
        Ok(answer) => return Ok(Some(answer.value)),
        Err(failure) if failure.status() == Some(404) => {}
        Err(failure) => return Err(failure),
    }
    let all = all(session).await?;
    let names: Vec<String> = all.iter().map(|one| text(one, "name")).collect();
    let near = nearest(kind, names.iter().map(String::as_str));
    // In a built-in family it is a mistake. Elsewhere it may be meant, unless it looks like one.
    let reserved = catalog::is_reserved_family(kind.split('.').next().unwrap_or_default());
    if near.is_empty() && !reserved {
        return Ok(None);
    }
    let failure = Failure::new(Exit::Usage, format!("there is no event type `{kind}`"));
    let failure = if near.is_empty() { failure } else { failure.hint(format!("did you mean {}?", near.join(" or "))) };
    let failure = failure.hint("`bellwire trigger --list` lists all");
    let as_meant = format!("if it is meant as it is: `bellwire events post {kind}`");
    Err(if reserved { failure } else { failure.hint(as_meant) })
}

async fn all(session: &Session) -> Done<Vec<Value>> {
    let mut all = Vec::new();
    let keep = |page: &Value| {
        all.extend_from_slice(items(page, "event_types"));
        None::<()>
    };
    session.client.pages("/v1/event-types", &[], keep).await?;
    Ok(all)
}

async fn list(session: &Session) -> Done {
    let (all, out): (Vec<Value>, Out) = (all(session).await?, session.out);
    if out.json {
        return out.line(json!({"event_types": all}).to_string());
    }
    let whose = |one: &Value| if one["built_in"] == true { "" } else { "custom" }.to_owned();
    let row = |one: &Value| vec![text(one, "name"), whose(one), text(one, "description")];
    out.line(out.table(&["type", "", "tells"], all.iter().map(row).collect(), "no event types"))
}
