//! One node's clock is set, an hour forward and an hour back, under load. Needs libfaketime.
use std::{fs, path::PathBuf, time::Duration};

use bellwire_e2e::{Engine, Load, Receiver, Reply, Server, Setup, count, eventually, eventually_within};
use serde_json::json;
use tempfile::TempDir;

use crate::cluster::Cluster;

/// Hours, one after the other.
const STEPS: [i32; 4] = [1, 0, -1, 0];

/// The clock of one process: this machine's, and so many hours.
struct SetClock {
    library: PathBuf,
    dir: TempDir,
}

impl SetClock {
    /// Nothing, said in words, where there is no libfaketime.
    fn new() -> Option<Self> {
        let places = fs::read_dir("/usr/lib").ok()?.flatten();
        let found = places.map(|place| place.path().join("faketime/libfaketime.so.1")).find(|path| path.is_file());
        let Some(library) = found else {
            println!("SKIPPED: no libfaketime here (scripts/need installs the package faketime)");
            return None;
        };
        let clock = Self { library, dir: TempDir::new().expect("a temporary directory") };
        clock.set(0);
        Some(clock)
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("offset")
    }

    fn set(&self, hours: i32) {
        let new = self.dir.path().join("new");
        fs::write(&new, format!("{hours:+}h\n")).expect("it can be written");
        fs::rename(new, self.file()).expect("at once");
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}

#[test]
fn a_node_whose_clock_is_set_by_an_hour_changes_nothing() {
    let Some(clock) = SetClock::new() else { return };
    let cluster = Cluster::with_first(&Setup { env: clock.env(), ..Setup::default() }, 2);
    let load = cluster.load("clock");
    for hours in STEPS {
        clock.set(hours);
        let before = [load.count_of(0), load.count_of(1)];
        eventually("both nodes go on", || (0..2).all(|node| load.count_of(node) > before[node] + 60).then_some(()));
        let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let ahead = cluster.database.number("SELECT max(created_at) FROM deliveries") - cluster.database.number(now);
        assert!(ahead < 1_000_000, "rows are from the future by {ahead} us with {hours:+} h");
    }
    cluster.finish("clock of one node set by +1 h and -1 h", load);
}

/// Deliveries of every status.
fn totals(server: &Server) -> [u64; 3] {
    ["pending", "success", "failed"].map(|status| {
        let page = server.api().get(&format!("/v1/deliveries?limit=1&status={status}")).expect(200);
        count(&page["total"])
    })
}

#[test]
fn the_embedded_engine_loses_nothing_when_the_clock_is_set_by_an_hour() {
    let Some(clock) = SetClock::new() else { return };
    let server = Setup { env: clock.env(), engine: Engine::Embedded, ..Setup::default() }.start();
    let receiver = Receiver::scripted(|_, nth| Reply::Status(if nth % 20 == 19 { 500 } else { 200 }));
    for ordered in [false, true] {
        let form = json!({"url": receiver.url(), "events": ["order.*"], "ordered": ordered,
            "retry": {"schedule": vec!["1s"; 20]}});
        server.api().post("/v1/webhooks", &form).expect(201);
    }
    let load = Load::start("clock", 4, vec![server.api()]);
    for hours in STEPS {
        clock.set(hours);
        let before = load.count();
        eventually("it goes on", || (load.count() > before + 100).then_some(()));
    }
    let accepted = load.stop();
    // What is new is not held up by what was put off while the clock was ahead.
    let fresh = Receiver::ok();
    server.api().post("/v1/webhooks", &json!({"url": fresh.url(), "events": ["fresh.*"]})).expect(201);
    for _ in 0..20 {
        server.api().post("/v1/events", &json!({"type": "fresh.made", "data": {}})).expect(202);
    }
    eventually_within(Duration::from_secs(10), "what is new is sent", || (fresh.hits() == 20).then_some(()));
    let put_off = totals(&server)[0];
    clock.set(2);
    eventually("everything is delivered in the end", || (totals(&server)[0] == 0).then_some(()));
    let [_, delivered, failed] = totals(&server);
    assert_eq!(failed, 0);
    let at_least = 2 * u64::try_from(accepted.len()).expect("few") + 20;
    assert!(delivered >= at_least, "{delivered} of {at_least}");
    println!(
        "clock of the embedded engine: {} accepted, {put_off} put off by up to an hour, none lost",
        accepted.len()
    );
}
