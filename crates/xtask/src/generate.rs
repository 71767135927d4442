//! What the built server says of itself, kept in files: `openapi.json`, `asyncapi.json`, `docs/reference/`.
use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};

use crate::output;

/// A file, and the command that prints it.
struct Generated {
    file: String,
    command: Vec<String>,
}

/// Every file. Which pages the reference has, the server says.
fn files(root: &Path, binary: &str) -> Result<Vec<Generated>> {
    let of = |file: String, command: &[&str]| Generated { file, command: command.iter().map(|&s| s.into()).collect() };
    let pages = said(root, binary, &["reference".into()])?;
    let pages = pages.lines().map(|page| of(format!("docs/reference/{page}.md"), &["reference", page]));
    Ok(["openapi", "asyncapi"].into_iter().map(|name| of(format!("{name}.json"), &[name])).chain(pages).collect())
}

/// Writes the files anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let binary = built(root)?;
    for generated @ Generated { file, .. } in &files(root, &binary)? {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(&path, generated.text(root, &binary)?).with_context(|| format!("cannot write {file}"))?;
    }
    Ok(())
}

/// Compares the committed files with what the server says now.
pub(crate) fn check(root: &Path) -> Result<()> {
    let binary = built(root)?;
    let mut stale = Vec::new();
    for generated @ Generated { file, .. } in &files(root, &binary)? {
        let committed = fs::read_to_string(root.join(file)).unwrap_or_default();
        let now = generated.text(root, &binary)?;
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

impl Generated {
    /// What it should hold now; a JSON file only what can be read as such.
    fn text(&self, root: &Path, binary: &str) -> Result<String> {
        let text = said(root, binary, &self.command)?;
        if Path::new(&self.file).extension().is_some_and(|kind| kind == "json") {
            serde_json::from_str::<serde_json::Value>(&text)
                .with_context(|| format!("`bellwire {}` printed other than JSON", self.command.join(" ")))?;
        }
        Ok(text)
    }
}

/// What a command prints, with one newline at its end.
fn said(root: &Path, binary: &str, command: &[String]) -> Result<String> {
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let text = output(root, binary, &command)?;
    let text = text.trim_end();
    ensure!(!text.is_empty(), "`bellwire {}` printed nothing", command.join(" "));
    Ok(format!("{text}\n"))
}
