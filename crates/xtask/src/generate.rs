//! What the built server says of itself, kept in files: `openapi.json`, `asyncapi.json`, `docs/reference/`.
use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};

use crate::output;

/// Each file, and the command that prints it.
const FILES: &[(&str, &[&str])] = &[
    ("openapi.json", &["openapi"]),
    ("asyncapi.json", &["asyncapi"]),
    ("docs/reference/api.md", &["reference", "api"]),
    ("docs/reference/cli.md", &["reference", "cli"]),
    ("docs/reference/configuration.md", &["reference", "configuration"]),
    ("docs/reference/errors.md", &["reference", "errors"]),
    ("docs/reference/events.md", &["reference", "events"]),
];

/// Writes the files anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let binary = built(root)?;
    for (file, command) in FILES {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(&path, said(root, &binary, command)?).with_context(|| format!("cannot write {file}"))?;
    }
    Ok(())
}

/// Compares the committed files with what the server says now.
pub(crate) fn check(root: &Path) -> Result<()> {
    let binary = built(root)?;
    let mut stale = Vec::new();
    for (file, command) in FILES {
        let committed = fs::read_to_string(root.join(file)).unwrap_or_default();
        let now = said(root, &binary, command)?;
        if committed != now {
            let differs = committed.lines().zip(now.lines()).position(|(before, after)| before != after);
            let line = differs.unwrap_or_else(|| committed.lines().count().min(now.lines().count())) + 1;
            stale.push(format!("{file} from line {line} on"));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!("stale: {}; run `cargo xtask generate` and commit what it wrote", stale.join(", "))
}

/// The binary. Builds what the tests build, so that nothing is compiled a second time with other features.
fn built(root: &Path) -> Result<String> {
    let build = ["build", "--quiet", "--workspace", "--all-targets"];
    output(root, env!("CARGO"), &build)?;
    let metadata = output(root, env!("CARGO"), &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo names its target directory")?;
    Ok(format!("{target}/debug/bellwire"))
}

/// What a command prints, with one newline at its end.
fn said(root: &Path, binary: &str, command: &[&str]) -> Result<String> {
    let text = output(root, binary, command)?;
    let text = text.trim_end();
    ensure!(!text.is_empty(), "`bellwire {}` printed nothing", command.join(" "));
    Ok(format!("{text}\n"))
}
