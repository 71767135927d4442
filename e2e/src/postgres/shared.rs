//! The server that all tests share: the one they were given, the one of this machine, or one that
//! they start and that ends when no test uses it any more.
use std::{
    fs::{self, DirBuilder, File},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use postgres::{Client, NoTls};

use super::{Address, process};
use crate::env;

/// The server that tests share, found or started once in each process.
#[track_caller]
pub fn shared() -> &'static Address {
    static FOUND: OnceLock<Address> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(url) = env("BELLWIRE_TEST_POSTGRES") {
            return Address::parse(&url);
        }
        let users = [Some("postgres".to_owned()), env("USER")];
        let local =
            users.into_iter().flatten().map(|user| Address::parse(&format!("postgres://{user}@127.0.0.1:5432")));
        local.into_iter().find(makes_databases).unwrap_or_else(started)
    })
}

fn makes_databases(server: &Address) -> bool {
    let Ok(mut config) = server.database("postgres").parse::<postgres::Config>() else { return false };
    let Ok(mut client) = config.connect_timeout(std::time::Duration::from_secs(2)).connect(NoTls) else { return false };
    let may = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user";
    client.query_one(may, &[]).is_ok_and(|row| row.get(0))
}

/// Makes sure that the binaries are there.
#[track_caller]
pub(super) fn installed() {
    if process::binaries().is_none() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("inside the workspace");
        let need = "set -euo pipefail; . scripts/need; need postgres";
        // Tests that run at once install once.
        let done = Command::new("flock").args(["scripts/need", "bash", "-c", need]).current_dir(root).status();
        assert!(done.is_ok_and(|status| status.success()), "scripts/need could not install PostgreSQL");
    }
}

/// A server in a directory of this user's among the temporary ones, started by whoever comes first.
#[track_caller]
fn started() -> Address {
    installed();
    let dir = own_directory();
    let address = dir.join("address");
    // Each process holds this, shared, until it ends: while somebody does, the server goes on.
    let in_use = open(&dir.join("in-use"));
    in_use.lock_shared().expect("it can be locked");
    std::mem::forget(in_use);
    let turn = open(&dir.join("turn"));
    turn.lock().expect("it can be locked");
    if let Ok(url) = fs::read_to_string(&address) {
        let known = Address::parse(&url);
        if Client::connect(&known.database("postgres"), NoTls).is_ok() {
            return known;
        }
    }
    let place = dir.join("server");
    drop(fs::remove_dir_all(&place));
    fs::create_dir(&place).expect("a directory");
    let cluster = process::Cluster::new(&place);
    let made = cluster.create();
    fs::write(&address, made.database("")).expect("it can be written");
    stop_when_unused(&dir, &cluster);
    made
}

/// It is trusted with what programs are started from it: nobody else may have made it.
fn own_directory() -> PathBuf {
    let me = process::number(&["-u"]).expect("a process knows itself");
    let dir = std::env::temp_dir().join(format!("bellwire-tests-{me}"));
    // The server's own user must get through.
    drop(DirBuilder::new().mode(0o755).create(&dir));
    assert_eq!(fs::metadata(&dir).map(|found| found.uid()).ok(), Some(me), "{} is not ours", dir.display());
    dir
}

fn open(path: &Path) -> File {
    File::options().create(true).append(true).open(path).expect("it can be opened")
}

/// Starts what waits until no test is left and then stops the server. Tests that come meanwhile wait
/// for that.
fn stop_when_unused(dir: &Path, cluster: &process::Cluster) {
    let stop = cluster.stopper();
    let script = r#"while flock --exclusive --nonblock --conflict-exit-code 9 "$@"; [ $? = 9 ]; do sleep 5; done"#;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", script, "sh"]).arg(dir.join("in-use")).arg(stop.get_program()).args(stop.get_args());
    keeper.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(dir).process_group(0);
    cluster.unprivileged(&mut keeper);
    drop(keeper.spawn().expect("a shell"));
}
