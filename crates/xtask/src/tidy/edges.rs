//! Crates are walls: who may name whom, and what the pure crates may never contain.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::output;

/// Every crate of the workspace, and which others of it may be named in its code or its tests.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("bellwire-wire", &[]),
    ("bellwire-domain", &["bellwire-wire"]),
    // Its tests find their PostgreSQL as the end-to-end tests do.
    ("bellwire-store", &["bellwire-domain", "bellwire-e2e", "bellwire-wire"]),
    ("bellwire-server", &["bellwire-domain", "bellwire-store", "bellwire-wire"]),
    ("bellwire-bench", &["bellwire-wire"]),
    // Runs the built binary; names no more of it than a receiver could.
    ("bellwire-e2e", &["bellwire-wire"]),
    ("xtask", &[]),
];

/// Crates without I/O, clock, dice or async (I9), and what would bring it, however far down.
const PURE: &[&str] = &["bellwire-wire", "bellwire-domain"];
const IMPURE: &[&str] =
    &["async-std", "axum", "hyper", "mio", "reqwest", "rusqlite", "rustls", "sqlx", "tokio", "tokio-postgres"];

/// The only crates that may name an SQL engine.
const SQL: &[&str] = &["rusqlite", "sqlx", "tokio-postgres", "deadpool-postgres"];
const SQL_CRATE: &str = "bellwire-store";

pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    // For this platform only: the others' packages may never have been fetched.
    let rustc = output(root, "rustc", &["-vV"])?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc names its host")?;
    let args = ["metadata", "--format-version", "1", "--filter-platform", host];
    let metadata = output(root, env!("CARGO"), &args)?;
    let graph = Graph::read(&serde_json::from_str(&metadata)?).context("cargo's metadata")?;
    let mut faults = Vec::new();
    for name in &graph.members {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(crate_name, _)| crate_name == name) else {
            faults.push(format!("{name}: a new crate must be added to the table of edges"));
            continue;
        };
        for other in graph.all.get(name).into_iter().flatten() {
            if graph.members.contains(other) && !allowed.contains(&other.as_str()) {
                faults.push(format!("{name}: must not depend on {other}"));
            }
            if SQL.contains(&other.as_str()) && name != SQL_CRATE {
                faults.push(format!("{name}: only {SQL_CRATE} speaks SQL, not through {other}"));
            }
        }
    }
    for pure in PURE {
        let closure = graph.closure(pure);
        for found in IMPURE.iter().filter(|name| closure.contains(**name)) {
            faults.push(format!("{pure}: must be pure, but its dependencies contain {found}"));
        }
    }
    Ok(faults)
}

/// Who depends on whom, by name.
struct Graph {
    members: BTreeSet<String>,
    /// Dependencies of any kind.
    all: BTreeMap<String, BTreeSet<String>>,
    /// Those of a normal build.
    normal: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Option<Self> {
        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()?
            .iter()
            .map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect::<Option<_>>()?;
        let name_of = |id: &Value| Some((*names.get(id.as_str()?)?).to_owned());
        let members = metadata["workspace_members"].as_array()?;
        let members = members.iter().map(name_of).collect::<Option<_>>()?;
        let (mut all, mut normal) = (BTreeMap::new(), BTreeMap::new());
        for node in metadata["resolve"]["nodes"].as_array()? {
            let name = name_of(&node["id"])?;
            for dependency in node["deps"].as_array()? {
                let other = name_of(&dependency["pkg"])?;
                let kinds = dependency["dep_kinds"].as_array()?;
                if kinds.iter().any(|kind| kind["kind"].is_null()) {
                    let of: &mut BTreeSet<String> = normal.entry(name.clone()).or_default();
                    of.insert(other.clone());
                }
                let of: &mut BTreeSet<String> = all.entry(name.clone()).or_default();
                of.insert(other);
            }
        }
        Some(Self { members, all, normal })
    }

    /// Everything a normal build of a crate contains.
    fn closure(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            for other in self.normal.get(&name).into_iter().flatten() {
                if found.insert(other.clone()) {
                    open.push(other.clone());
                }
            }
        }
        found
    }
}
