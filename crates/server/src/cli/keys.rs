//! `bellwire keys`: made, listed, revoked.
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    client::{query, segment},
    failure::Done,
    out::{card, items, text},
    settings::Session,
};

#[derive(Subcommand)]
pub(super) enum Keys {
    /// List those that are not revoked
    List {
        /// Only this namespace's
        #[arg(long)]
        namespace: Option<String>,
        /// The page after this one
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Make one; it is shown once
    Create(Create),
    /// Refuse one from now on
    Revoke { id: String },
}

#[derive(Args)]
pub(super) struct Create {
    /// What people call it
    name: String,
    /// admin, workspace or scoped
    #[arg(long, default_value = "workspace")]
    kind: String,
    /// The namespace of a scoped key
    #[arg(long)]
    namespace: Option<String>,
    /// What it may do, separated by commas [default: what its kind may do]
    #[arg(long, value_delimiter = ',')]
    permissions: Vec<String>,
    /// The agent whose key it is
    #[arg(long)]
    agent_id: Option<String>,
    /// Who holds it
    #[arg(long)]
    person: Option<String>,
    /// Until when it is good (RFC 3339)
    #[arg(long)]
    expires_at: Option<String>,
}

impl Create {
    fn body(self) -> Value {
        let mut body = Map::new();
        let fields = [
            ("name", Some(self.name)),
            ("kind", Some(self.kind)),
            ("namespace", self.namespace),
            ("agent_id", self.agent_id),
            ("person", self.person),
            ("expires_at", self.expires_at),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                body.insert(name.into(), value.into());
            }
        }
        if !self.permissions.is_empty() {
            body.insert("permissions".into(), json!(self.permissions));
        }
        Value::Object(body)
    }
}

impl Keys {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        match self {
            Self::List { namespace, cursor } => {
                let answer = client.get(&query("/v1/keys", &[("namespace", namespace), ("cursor", cursor)])).await?;
                out.show(&answer, |value| {
                    let row = |key: &Value| {
                        let permissions = items(key, "permissions").len();
                        let used = match out.when(&key["last_used_at"]) {
                            when if when.is_empty() => "never".to_owned(),
                            when => when,
                        };
                        vec![
                            text(key, "id"),
                            text(key, "name"),
                            text(key, "kind"),
                            text(key, "namespace"),
                            text(key, "prefix") + "…",
                            permissions.to_string(),
                            used,
                            out.when(&key["expires_at"]),
                        ]
                    };
                    let rows = items(value, "keys").iter().map(row).collect();
                    let head = ["id", "name", "kind", "namespace", "begins", "permissions", "used", "expires"];
                    out.table(&head, rows, "no keys")
                })
            }
            Self::Create(create) => {
                let answer = client.post("/v1/keys", &create.body()).await?;
                out.show(&answer, |value| {
                    card(&[
                        ("id", text(value, "id")),
                        ("name", text(value, "name")),
                        ("kind", text(value, "kind")),
                        ("namespace", text(value, "namespace")),
                        ("permissions", text(value, "permissions").replace(',', " ")),
                        ("expires", out.when(&value["expires_at"])),
                        ("key", text(value, "api_key")),
                    ])
                })?;
                if !out.json {
                    out.note("\nThe key is shown this once.");
                }
                Ok(())
            }
            Self::Revoke { id } => {
                let answer = client.delete(&format!("/v1/keys/{}", segment(&id))).await?;
                out.show(&answer, |_| format!("{id} is revoked: its next request is refused"))
            }
        }
    }
}
