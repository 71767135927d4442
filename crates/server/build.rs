//! Has the crate built anew when the console was: its files are inside the binary.
use std::{fs, path::Path};

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/dist");
    // A folder that is not there would be one that always changed. If it cannot be made, nothing is in it either.
    drop(fs::create_dir_all(&dist));
    println!("cargo::rerun-if-changed={}", dist.display());
}
