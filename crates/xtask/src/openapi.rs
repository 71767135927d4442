//! `openapi.json` at the root is what the built server says of itself.
use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};

use crate::output;

const FILE: &str = "openapi.json";

/// Writes the document anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    fs::write(root.join(FILE), document(root)?).with_context(|| format!("cannot write {FILE}"))
}

/// Compares the committed document with what the server says now.
pub(crate) fn check(root: &Path) -> Result<()> {
    let committed = fs::read_to_string(root.join(FILE))
        .with_context(|| format!("cannot read {FILE}; run `cargo xtask openapi`"))?;
    let now = document(root)?;
    if committed == now {
        return Ok(());
    }
    let differs = committed.lines().zip(now.lines()).position(|(before, after)| before != after);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(now.lines().count())) + 1;
    bail!("{FILE} is stale from line {line} on; run `cargo xtask openapi` and commit it")
}

/// The document, with one newline at its end. Builds what the tests build, so that nothing is
/// compiled a second time with other features.
fn document(root: &Path) -> Result<String> {
    let build = ["build", "--quiet", "--workspace", "--all-targets"];
    output(root, env!("CARGO"), &build)?;
    let metadata = output(root, env!("CARGO"), &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo names its target directory")?;
    let document = output(root, &format!("{target}/debug/bellwire"), &["openapi"])?;
    let document = document.trim_end();
    ensure!(
        serde_json::from_str::<serde_json::Value>(document).is_ok_and(|it| it.is_object()),
        "`bellwire openapi` did not print a JSON object"
    );
    Ok(format!("{document}\n"))
}
