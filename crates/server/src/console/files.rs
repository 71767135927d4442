//! What the build of `console/` left, inside this binary.
use std::borrow::Cow;

use rust_embed::Embed;

/// The built console; empty if it was not built before the binary was.
#[derive(Embed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Dist;

/// A file.
pub(super) struct File {
    /// What it says.
    pub(super) bytes: Cow<'static, [u8]>,
    /// What it hashes to, for its `ETag`.
    pub(super) hash: [u8; 32],
}

impl std::ops::Deref for File {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The file of this name.
pub(super) fn find(name: &str) -> Option<File> {
    Dist::get(name).map(|file| File { hash: file.metadata.sha256_hash(), bytes: file.data })
}
