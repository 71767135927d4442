//! Commands on the machine of a `serve --dev` need no key to be given: the server writes one where only
//! its own user can read it, and takes it away at the end. It is good for that one run of the server.
//!
//! Whoever can read it can read the data directory too, with the master key in it; and whoever listens on
//! the address after the server has ended is told a key that nobody takes.
use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{failure::Done, settings::Global, state};

/// How long a server on this machine may take to be connected to.
const KNOCK_TIMEOUT: Duration = Duration::from_millis(200);

/// `local/ADDRESS.toml` among what commands remember.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Way {
    key: String,
}

/// The key of a running server, taken away when this goes.
pub(super) struct Left {
    path: PathBuf,
    way: Way,
}

/// Leaves a key for commands of this user. Nothing without a home directory, or on another address than loopback.
pub(super) fn leave(global: &Global, address: SocketAddr, key: &str) -> Done<Option<Left>> {
    if !address.ip().is_loopback() {
        return Ok(None);
    }
    let Ok(path) = path(global, address) else { return Ok(None) };
    if let Some(folder) = path.parent() {
        remove_dead(folder);
    }
    let left = Left { path, way: Way { key: key.to_owned() } };
    state::save(&left.path, &left.way)?;
    Ok(Some(left))
}

impl Drop for Left {
    fn drop(&mut self) {
        // Another server may be there by now.
        if state::load::<Way>(&self.path).is_ok_and(|way| way == self.way) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// The key that a server of this user left for its commands.
pub(super) fn find(global: &Global, url: &Url) -> Option<String> {
    let port = url.port_or_known_default()?;
    let addresses: &[IpAddr] = match url.host()? {
        Host::Ipv4(address) => &[address.into()],
        Host::Ipv6(address) => &[address.into()],
        Host::Domain(_) => &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
    };
    let read = |address: &IpAddr| {
        let path = path(global, SocketAddr::new(*address, port)).ok()?;
        let way: Way = if is_own(&path) { state::load(&path).ok()? } else { Way::default() };
        Some(way.key).filter(|key| !key.is_empty())
    };
    addresses.iter().find_map(read)
}

fn path(global: &Global, address: SocketAddr) -> Done<PathBuf> {
    let name = format!("{}_{}.toml", address.ip().to_string().replace(':', "-"), address.port());
    Ok(global.state_path("local")?.join(name))
}

/// The address that a file is about.
fn address_of(path: &Path) -> Option<SocketAddr> {
    let (ip, port) = path.file_name()?.to_str()?.strip_suffix(".toml")?.split_once('_')?;
    Some(SocketAddr::new(ip.replace('-', ":").parse().ok()?, port.parse().ok()?))
}

/// Removes what servers left that were killed: nobody listens there any more.
fn remove_dead(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in files {
        let Some(address) = address_of(&path) else { continue };
        let tried = TcpStream::connect_timeout(&address, KNOCK_TIMEOUT);
        if tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            drop(fs::remove_file(path));
        }
    }
}

/// Whether a file is this user's, and nobody else's to read.
fn is_own(path: &Path) -> bool {
    let mine = |about: &fs::Metadata| about.uid() == rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && mine(&about) && !is_open_to_others(&about))
}

/// Whether anybody but its owner may do anything with a file.
pub(super) fn is_open_to_others(about: &fs::Metadata) -> bool {
    // The last six bits are those of group and others.
    about.permissions().mode().trailing_zeros() < 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_its_address() {
        for (name, address) in [
            ("127.0.0.1_4800.toml", Some("127.0.0.1:4800")),
            ("--1_4800.toml", Some("[::1]:4800")),
            ("127.0.0.1_4800.123.new", None),
            ("notes.toml", None),
        ] {
            assert_eq!(address_of(Path::new(name)), address.map(|text| text.parse().unwrap()), "{name}");
        }
    }
}
