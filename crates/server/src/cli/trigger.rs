//! `bellwire trigger`: posts a valid sample of an event type.
use bellwire_wire::catalog;
use clap::Args;
use serde_json::{Map, Value};

use super::{args, client::segment, events::post, failure::Done, sample, settings::Session};

#[derive(Args)]
pub(super) struct Trigger {
    /// A type of the catalog or a custom one, such as purchase.succeeded
    #[arg(value_name = "TYPE")]
    kind: String,
    /// Puts a value into the data, JSON or text; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = args::assignment)]
    assignments: Vec<(String, Value)>,
    /// Vary the sample; the same for the same seed
    #[arg(long)]
    seed: Option<u64>,
    /// Which customer's
    #[arg(long)]
    namespace: Option<String>,
}

impl Trigger {
    pub(super) async fn run(self, session: &Session) -> Done {
        let path = format!("/v1/event-types/{}", segment(&self.kind));
        let data = match session.client.get(&path).await {
            Ok(answer) => {
                let schema = answer.value.get("schema").unwrap_or(&Value::Null);
                let example = answer.value.get("example").filter(|example| example.is_object());
                let made = sample::data(example, schema, self.seed);
                if made.is_object() { made } else { Value::Object(Map::new()) }
            }
            Err(failure) if failure.status() == Some(404) => {
                // In a built-in family it is a mistake, and the server says what there is.
                let family = self.kind.split('.').next().unwrap_or_default();
                if !catalog::is_reserved_family(family) {
                    session.out.note(format!("{} is not registered: its data is what --set says", self.kind));
                }
                Value::Object(Map::new())
            }
            Err(failure) => return Err(failure),
        };
        post(session, &self.kind, self.namespace.as_deref(), None, data, &self.assignments).await
    }
}
