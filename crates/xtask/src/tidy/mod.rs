//! What must hold of the repository as a whole, and what no compiler says.
//!
//! Each check looks and returns what it found wrong; nothing is changed. It is a program, so that
//! `make check` is quick to say it, and a test, so that no run of the tests passes without it.
mod edges;
mod literals;
mod slices;
mod text;

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::output;

/// A file that git knows.
pub(super) struct File {
    /// From the root, with slashes.
    path: String,
    /// What it says; absent if it is not text.
    text: Option<String>,
}

impl File {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension() == Some("rs".as_ref())
    }
}

/// Prints every fault; an error if there is one.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = files(root)?;
    for note in text::long_files(&files) {
        eprintln!("note: {note}");
    }
    let faults = faults(root, &files)?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    match faults.len() {
        0 => Ok(()),
        1 => bail!("1 fault"),
        many => bail!("{many} faults"),
    }
}

fn faults(root: &Path, files: &[File]) -> Result<Vec<String>> {
    let mut faults = edges::faults(root)?;
    faults.extend(slices::faults(files));
    faults.extend(text::faults(files));
    Ok(faults)
}

/// The files that git tracks or would track, but for those that are being deleted.
fn files(root: &Path) -> Result<Vec<File>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = output(root, "git", &args)?;
    let files = list.split_terminator('\0').filter_map(|path| {
        let bytes = fs::read(root.join(path)).ok()?;
        Some(File { path: path.to_owned(), text: String::from_utf8(bytes).ok() })
    });
    Ok(files.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let root = crate::root();
        let faults = faults(&root, &files(&root).expect("git lists")).expect("cargo tells");
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }
}
