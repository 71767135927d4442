//! The same slice names at every depth: a feature is found by its name in each crate.
use std::collections::BTreeSet;

use super::File;

/// Folders in which every slice returns, as a file or a folder of its name.
const FOLDERS: &[&str] = &["crates/store/src/rows", "crates/server/src/api"];
/// The folder whose folders are the slices.
const DOMAIN: &str = "crates/domain/src";

pub(super) fn faults(files: &[File]) -> Vec<String> {
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let (slices, _) = names(&paths, DOMAIN);
    let mut faults = Vec::new();
    for folder in FOLDERS {
        let (folders, files) = names(&paths, folder);
        // A folder that is not there yet has nothing that could be named wrongly.
        if folders.is_empty() && files.is_empty() {
            continue;
        }
        for slice in &slices {
            if !folders.contains(slice) && !files.contains(slice) {
                faults.push(format!("{folder}: nothing is called {slice}, a slice of the domain"));
            }
        }
        for name in folders.difference(&slices) {
            faults.push(format!("{folder}/{name}: a folder here is named after a slice"));
        }
    }
    faults
}

/// The folders and the modules directly in `folder`.
fn names<'a>(paths: &[&'a str], folder: &str) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let (mut folders, mut files) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        let Some(rest) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        match rest.split_once('/') {
            Some((name, _)) => folders.insert(name),
            None => rest.strip_suffix(".rs").is_some_and(|name| files.insert(name)),
        };
    }
    (folders, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { path: path.to_owned(), text: None }
    }

    #[test]
    fn a_slice_that_is_missing_and_a_folder_that_is_none_are_named() {
        let files = [
            "crates/domain/src/page.rs",
            "crates/domain/src/event/mod.rs",
            "crates/domain/src/delivery/mod.rs",
            "crates/store/src/rows/event.rs",
            "crates/store/src/rows/queue/mod.rs",
        ];
        let found = faults(&files.map(file));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("delivery") && found[1].contains("queue"));
    }
}
