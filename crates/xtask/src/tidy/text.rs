//! What the files say, and what they must not.
use super::{File, literals::literals};

/// A source file longer than this is divided.
const LINES_MAX: usize = 500;
/// A source file longer than this is worth a thought.
const LINES_LONG: usize = 400;

/// Words for work that is not done. Written in halves, so that this file may be checked as well.
const UNDONE: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];

/// Absolute paths of somebody's machine.
const MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("sha", "red/"),
];

/// Where packages come from is the business of each package manager's own settings.
const REGISTRY: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("index", "-url"),
    concat!("\"resol", "ved\":"),
];

/// Files written by a package manager: they name hosts and hold hashes.
const LOCKS: &[&str] = &["Cargo.lock"];

/// The only crate of the product whose literals may speak SQL; this one, which must name what it looks
/// for; and what looks at a database from outside.
const SQL_ALLOWED: &[&str] = &["crates/store/", "crates/xtask/", "bench/src/run/database.rs", "e2e/"];

pub(super) fn faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Some(text) = &file.text else { continue };
        let path = file.path.as_str();
        if !text.is_empty() && !text.ends_with('\n') {
            faults.push(format!("{path}: must end in a newline"));
        }
        if LOCKS.contains(&path) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            for (words, why) in [
                (UNDONE, "is left undone"),
                (MACHINE, "is a path of somebody's machine"),
                (REGISTRY, "names where packages come from"),
            ] {
                if let Some(word) = words.iter().find(|word| contains_word(line, word)) {
                    faults.push(format!("{path}:{number}: `{word}` {why}"));
                }
            }
        }
        if file.is_rust() {
            faults.extend(rust_faults(path, text));
        }
    }
    faults
}

/// Source files that are long, but not yet too long.
pub(super) fn long_files(files: &[File]) -> Vec<String> {
    let long = files.iter().filter_map(|file| {
        let lines = file.text.as_ref()?.lines().count();
        let long = file.is_rust() && (LINES_LONG + 1..=LINES_MAX).contains(&lines);
        long.then(|| format!("{}: {lines} lines", file.path))
    });
    long.collect()
}

fn rust_faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{path}: {lines} lines; more than {LINES_MAX} are divided"));
    }
    let front = path.ends_with("/mod.rs") || path.ends_with("/lib.rs") || path.ends_with("/main.rs");
    if front && !text.starts_with("//!") {
        faults.push(format!("{path}: a front page starts with `//!`"));
    }
    if !SQL_ALLOWED.iter().any(|allowed| path.starts_with(allowed)) {
        for (line, literal) in literals(text) {
            if is_sql(literal) {
                faults.push(format!("{path}:{line}: SQL belongs into crates/store"));
            }
        }
    }
    faults
}

/// Whether a word occurs that is not the middle of a longer one. A path that starts in the middle
/// of another (`a/b/` in `x/a/b/`) is part of that one, as in a URL.
fn contains_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    let path = word.ends_with('/');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts = !before.is_some_and(|c| joins(c) || (path && "/-.".contains(c)));
        let ends = !word.ends_with(joins) || !after.is_some_and(joins);
        starts && ends
    })
}

/// Whether a literal reads like a statement: its keywords in capitals, in their order.
fn is_sql(literal: &str) -> bool {
    const STATEMENTS: &[&[&str]] = &[
        &["SELECT ", " FROM "],
        &["INSERT INTO "],
        &["UPDATE ", " SET "],
        &["DELETE FROM "],
        &["CREATE TABLE "],
        &["CREATE INDEX "],
        &["PRAGMA "],
        &["BEGIN IMMEDIATE"],
    ];
    let flat = literal.split_whitespace().collect::<Vec<_>>().join(" ") + " ";
    STATEMENTS.iter().any(|words| {
        let mut rest = flat.as_str();
        words.iter().all(|word| match rest.find(word) {
            Some(at) => {
                rest = &rest[at + word.len() - 1..];
                true
            }
            None => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        faults(&[File { path: path.to_owned(), text: Some(text.to_owned()) }])
    }

    #[test]
    fn what_is_undone_or_of_this_machine_is_named_with_its_line() {
        let text = format!("a\n// {}: b\n`{}x`\n", UNDONE[0], MACHINE[0]);
        let faults = found("a.md", &text);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("a.md:2:") && faults[1].starts_with("a.md:3:"));
        let longer = format!("{}s {}x\nexample.org{}x\n", UNDONE[0], UNDONE[0], MACHINE[0]);
        assert!(found("a.md", &longer).is_empty());
        assert_eq!(found("a.md", "no newline"), ["a.md: must end in a newline"]);
    }

    #[test]
    fn sql_is_found_in_literals_outside_of_the_store_only() {
        let text = "//! A.\nconst A: &str = \"SELECT a\n FROM b\"; // DELETE FROM c\n";
        assert_eq!(found("crates/server/src/lib.rs", text).len(), 1);
        assert!(found("crates/store/src/lib.rs", text).is_empty());
        let prose = "//! A.\nconst A: &str = \"SELECT one, UPDATE, or set it FROM here\";\n";
        assert!(found("crates/server/src/lib.rs", prose).len() == 1, "capitals in order are SQL");
        assert!(found("e2e/src/lib.rs", "//! A.\nconst A: &str = \"Select from\";\n").is_empty());
    }

    #[test]
    fn front_pages_and_length() {
        assert_eq!(found("a/mod.rs", "mod b;\n"), ["a/mod.rs: a front page starts with `//!`"]);
        assert_eq!(found("a/b.rs", &"\n".repeat(LINES_MAX + 1)).len(), 1);
    }
}
