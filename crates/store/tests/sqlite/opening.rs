//! Opening, closing and what lies on the disk: of the embedded engine alone.
use std::{path::Path, sync::Arc, time::Duration};

use bellwire_domain::{
    StoreError,
    delivery::{self, EndpointKind, Rows as _},
    event::{self, Rows as _},
    workspace::{Rows as _, Saved},
};
use bellwire_store::{MasterKey, Observer, OpenError, SqliteOptions, Store, Vault};
use bellwire_wire::Timestamp;

use crate::contract::{Recorder, START, World};

fn open(dir: &Path, key: u8, now: Timestamp) -> Result<World, OpenError> {
    let heard = Arc::new(Recorder::default());
    let store = Store::open_sqlite(SqliteOptions {
        dir: dir.to_owned(),
        vault: Arc::new(Vault::new(&MasterKey::from_bytes([key; 32]))),
        observer: Arc::clone(&heard) as Arc<dyn Observer>,
        readers: 1,
        now,
    })?;
    let world = World::new(store, heard, ());
    world.set(now);
    Ok(world)
}

/// The database as another program sees it.
pub(crate) fn raw(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("bellwire.db")).expect("a database")
}

/// Everything in a directory, as one text of bytes.
fn bytes(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).expect("a directory").map(|file| file.expect("a file").path());
    // The reserve is never written to, and large.
    let files = files.filter(|path| path.extension().is_none_or(|kind| kind != "reserve"));
    files.flat_map(|path| std::fs::read(path).expect("its bytes")).collect()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

async fn end(world: World) {
    world.store.close().await;
}

#[tokio::test]
async fn a_second_open_is_refused_with_the_process_that_has_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = open(dir.path(), 7, START).expect("it opens");
    match open(dir.path(), 7, START).err().expect("it is refused") {
        OpenError::Locked(error) => {
            assert_eq!(error.holder, Some(std::process::id()));
            assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        }
        other => panic!("{other}"),
    }
    end(first).await;
    end(open(dir.path(), 7, START).expect("it is free again")).await;
}

#[tokio::test]
async fn another_master_key_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path(), 7, START).expect("it opens");
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    world.post(&one, "order.placed", None).await;
    let lease = world.claim(&at, 1).await[0].lease_until;
    end(world).await;
    let refused = open(dir.path(), 8, START).err().expect("it is refused");
    assert!(matches!(refused, OpenError::Vault(_)), "{refused}");
    let due: i64 = raw(dir.path()).query_row("SELECT due_at FROM deliveries", [], |row| row.get(0)).expect("a row");
    assert_eq!(due, lease.micros(), "the lease of before stands");
    end(open(dir.path(), 7, START).expect("the right key opens it")).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    end(open(dir.path(), 7, START).expect("it opens")).await;
    raw(dir.path()).pragma_update(None, "user_version", 9_999).expect("written");
    let refused = open(dir.path(), 7, START).err().expect("it is refused");
    assert!(refused.to_string().contains("newer"), "{refused}");
}

#[tokio::test]
async fn what_was_answered_is_there_after_an_abrupt_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path(), 7, START).expect("it opens");
    let one = world.workspace("one").await;
    let mut posted = Vec::new();
    for number in 0..20 {
        posted.push(world.post(&one, "order.placed", None).await.event.id.clone());
        // What lies on the disk at the moment of the answer is all that a crash leaves.
        if number % 5 == 4 {
            let copy = tempfile::tempdir().expect("a directory");
            for file in std::fs::read_dir(dir.path()).expect("a directory") {
                let file = file.expect("a file");
                std::fs::copy(file.path(), copy.path().join(file.file_name())).expect("copied");
            }
            drop(std::fs::remove_file(copy.path().join("bellwire.db-shm")));
            let after = open(copy.path(), 7, START).expect("it opens");
            for id in &posted {
                assert!(see!(after, tx, one, id => tx.event(&one, &id).await).is_some(), "{id} of {number}");
            }
            let newest = see!(after, tx, one => tx.event_newest(&one).await);
            assert!(after.post(&one, "order.placed", None).await.seq > newest, "numbers go on");
            end(after).await;
        }
    }
    drop(world);
}

#[tokio::test]
async fn numbers_go_on_after_a_start_with_an_earlier_clock() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path(), 7, START).expect("it opens");
    let one = world.workspace("one").await;
    let at = world.endpoint(&one, |_| {}).await.at.clone();
    world.post(&one, "order.placed", None).await;
    let last = world.all(&at).await[0].seq;
    end(world).await;
    let world = open(dir.path(), 7, START.before(Duration::from_hours(1))).expect("it opens");
    let ctx = world.ctx();
    let new = event::NewEvent {
        id: Some("later".parse().expect("an id")),
        ..event::NewEvent::built_in(&one, "order.placed", None, &serde_json::json!({}))
    };
    let seq = run!(world, tx, ctx, new => {
        let appended = event::append(tx, &ctx, new).await?;
        Ok(tx.event(&appended.event.workspace_id, &appended.event.id).await?.expect("it is there").seq)
    });
    assert!(seq > last);
    end(world).await;
}

#[tokio::test]
async fn leases_of_the_process_before_end_and_those_of_receivers_stay() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path(), 7, START).expect("it opens");
    let one = world.workspace("one").await;
    let push = world.endpoint(&one, |_| {}).await.at.clone();
    let pull = world
        .endpoint(&one, |config| {
            config.kind = EndpointKind::Pull;
            config.url = None;
        })
        .await
        .at
        .clone();
    world.post(&one, "order.placed", None).await;
    let (pushed, pulled) = (world.claim(&push, 9).await.remove(0), world.claim(&pull, 9).await.remove(0));
    let later = world.now().after(Duration::from_hours(1));
    let waiting = run!(world, tx, push => tx.release(&push, pushed.seq, pushed.lease_until, later).await);
    assert!(waiting);
    world.post(&one, "order.paid", None).await;
    let held = world.claim(&push, 9).await.remove(0);
    end(world).await;
    let again = START.after(Duration::from_secs(2));
    let world = open(dir.path(), 7, again).expect("it opens");
    let of_push = world.all(&push).await;
    assert_eq!((of_push[0].due, of_push[0].leased), (Some(later), false), "a time to wait for is no lease");
    assert_eq!((of_push[1].due, of_push[1].leased), (Some(again), false));
    let of_pull = &world.all(&pull).await[0];
    assert_eq!((of_pull.due, of_pull.leased), (Some(pulled.lease_until), true));
    let claimed = world.claim(&push, 9).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].seq, held.seq);
    end(world).await;
}

#[tokio::test]
async fn secrets_headers_answers_and_settings_are_never_in_clear_on_the_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path(), 7, START).expect("it opens");
    let one = world.workspace("one").await;
    let endpoint = world
        .endpoint(&one, |config| {
            config.headers.insert("x-api-token".into(), "header-in-clear".into());
            config.description = Some("description-in-clear".into());
        })
        .await;
    let (ctx, before) = (world.ctx(), Arc::clone(&endpoint));
    let rotated = run!(world, tx, ctx, before => {
        delivery::rotate_secret(tx, &ctx, &before, Duration::from_hours(1)).await
    });
    let now = world.now();
    let answer = Saved { fingerprint: [1; 32], status: 201, body: b"answer-in-clear".to_vec() };
    run!(world, tx, one, answer => {
        tx.save(&one, "POST /v1/webhooks", "k", &answer, now, None).await?;
        tx.sealed_setting_put("signing key", b"setting-in-clear")
    });
    assert_eq!(run!(world, tx => tx.sealed_setting("signing key")).as_deref(), Some(&b"setting-in-clear"[..]));
    for _ in 0..2 {
        let disk = bytes(dir.path());
        assert!(contains(&disk, b"description-in-clear"), "what is not secret can be found, so the search works");
        for live in &rotated.secrets {
            let text = live.secret.as_str();
            assert!(!contains(&disk, text.as_bytes()), "a secret in clear");
            assert!(!contains(&disk, &text.as_bytes()[8..]), "a secret in clear");
        }
        for plain in ["header-in-clear", "x-api-token", "answer-in-clear", "setting-in-clear"] {
            assert!(!contains(&disk, plain.as_bytes()), "{plain}");
        }
        // Once more with the log moved into the database.
        raw(dir.path()).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("moved");
    }
    end(world).await;
}

#[tokio::test]
async fn a_setting_opens_under_its_own_name_only() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path(), 7, START).expect("it opens");
    run!(world, tx => tx.sealed_setting_put("one", b"value"));
    raw(dir.path()).execute("UPDATE settings SET name = 'two' WHERE name = 'one'", []).expect("moved");
    let found = world.store.read("test", |tx| Box::pin(async { tx.sealed_setting("two") })).await;
    assert!(matches!(found, Err(StoreError::Broken(_))), "{found:?}");
    assert_eq!(see!(world, tx => tx.sealed_setting("one")), None);
    end(world).await;
}

/// A database as the first migrations left it, with the rows of another one.
pub(crate) fn of_migrations(migrations: &[&str], dir: &Path, rows: &Path) {
    let database = raw(dir);
    for migration in migrations {
        database.execute_batch(migration).expect("made");
    }
    database.pragma_update(None, "user_version", u32::try_from(migrations.len()).expect("few")).expect("numbered");
    database.execute("ATTACH ?1 AS later", [rows.join("bellwire.db").to_string_lossy()]).expect("attached");
    let names = |sql: &str| {
        let mut statement = database.prepare(sql).expect("SQL");
        let names = statement.query_map([], |row| row.get::<_, String>(0)).expect("names");
        names.collect::<Result<Vec<_>, _>>().expect("texts")
    };
    for table in names("SELECT name FROM main.sqlite_schema WHERE type = 'table'") {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')")).join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM later.{table}");
        database.execute(&copy, []).expect("copied");
    }
}

#[tokio::test]
async fn a_database_of_the_first_migration_goes_on_and_still_knows_what_was_sent() {
    let (rows, dir) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let world = open(rows.path(), 7, START).expect("it opens");
    let one = world.workspace("one").await;
    let endpoint = world
        .endpoint(&one, |config| {
            config.headers.insert("x-api-token".into(), "of-before".into());
        })
        .await;
    world.post(&one, "order.placed", None).await;
    let seq = world.all(&endpoint.at).await[0].seq;
    let attempt = crate::contract::delivery::record(&world, 1);
    run!(world, tx, attempt => tx.attempt_insert(seq, &attempt).await);
    end(world).await;
    of_migrations(&[include_str!("../../migrations/0001_core.sqlite.sql")], dir.path(), rows.path());
    let world = open(dir.path(), 7, START).expect("it opens");
    let (ctx, at) = (world.ctx(), endpoint.at.clone());
    let attempts = see!(world, tx => tx.attempts(seq).await);
    assert_eq!((attempts.len(), attempts[0].endpoint_version), (1, None));
    let wanted = Some(delivery::EndpointVersion::from(&*endpoint));
    assert_eq!(see!(world, tx, at => tx.endpoint_version(&at, 1).await), wanted);
    let mut config = endpoint.config.clone();
    config.url = Some("https://example.org/later".into());
    config.headers.insert("x-api-token".into(), "of-later".into());
    run!(world, tx, ctx, endpoint, config => {
        delivery::update_endpoint(tx, &ctx, &endpoint, config, endpoint.status).await
    });
    assert_eq!(see!(world, tx, at => tx.endpoint_version(&at, 1).await), wanted, "its headers were sealed in time");
    let second = see!(world, tx, at => tx.endpoint_version(&at, 2).await).expect("a version");
    assert_eq!(second.headers["x-api-token"], "of-later");
    assert_eq!(world.claim(&at, 1).await.len(), 1);
    end(world).await;
}
