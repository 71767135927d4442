//! A deployment of the embedded engine is moved into a database whole, by somebody who knows nothing
//! of it but its schema.
use std::{path::Path, sync::Arc, time::Duration};

use bellwire_domain::{
    delivery::{DeliveryStatus, EndpointKind},
    event::{EventFilter, Rows as _},
};
use bellwire_store::{
    MasterKey, Move, MoveError, Moved, Observer, OpenError, POSTGRES_MIGRATIONS, PostgresOptions, SqliteOptions, Step,
    Store, Vault,
};
use bellwire_wire::{WalletId, WorkspaceId};
use rusqlite::types::ValueRef;
use tempfile::TempDir;

use crate::{
    contract::{
        Recorder, START, World, left,
        till::{Till, principal, word},
    },
    database::Database,
    node,
};

fn open(dir: &Path) -> Result<World, OpenError> {
    let heard = Arc::new(Recorder::default());
    let observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let options = SqliteOptions { dir: dir.to_owned(), vault: World::vault(), observer, readers: 1, now: START };
    Store::open_sqlite(options).map(|store| World::new(store, heard, ()))
}

fn raw(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("bellwire.db")).expect("a database")
}

fn from(dir: &Path, database: &Database) -> Move {
    Move {
        dir: dir.to_owned(),
        url: database.url(),
        vault: World::vault(),
        now: START.after(Duration::from_hours(1)),
        partition: Duration::from_hours(24),
    }
}

/// Runs a move, told what it does.
async fn run(moving: Move, tell: impl FnMut(Step<'_>) + Send + 'static) -> Result<Moved, MoveError> {
    tokio::task::spawn_blocking(move || moving.run(tell)).await.expect("it does not panic")
}

/// A directory with a deployment that has done something of everything.
async fn lived_in() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let world = open(dir.path()).expect("it opens");
    let one = world.workspace("one").await;
    let push = world.endpoint(&one, |_| {}).await.at.clone();
    let pull = world
        .endpoint(&one, |config| {
            (config.kind, config.url) = (EndpointKind::Pull, None);
        })
        .await;
    world.endpoint(&one, |config| config.ordered = true).await;
    for _ in 0..30 {
        world.pass(1);
        world.post(&one, "order.placed", Some("acme")).await;
    }
    for (number, held) in world.claim(&push, 20).await.iter().enumerate().skip(5) {
        let (status, due) = match number % 3 {
            0 => (DeliveryStatus::Success, None),
            1 => (DeliveryStatus::Failed, None),
            _ => (DeliveryStatus::Pending, Some(world.now().after(Duration::from_mins(90)))),
        };
        assert!(world.settle(&push, left(held, status, due, world.now())).await);
    }
    assert_eq!(world.claim(&pull.at, 4).await.len(), 4);
    let till = Till { by: principal(&one, None), world, one };
    spend(&till).await;
    till.world.store.close().await;
    strange(dir.path());
    dir
}

/// Spends from a wallet below another, and sets some aside.
async fn spend(till: &Till) {
    let root = till.wallet("100").await;
    let wallet = till.below(&root, "50").await;
    let bought = till.bought(&wallet, "12.345678901").await;
    till.refund(&bought, Some("2.345678901")).await;
    till.held(&wallet, "5", 86_400).await;
}

/// Tables and their columns: name, type, whether it may be null.
type Schema = Vec<(String, Vec<(String, String, bool)>)>;

fn schema(connection: &rusqlite::Connection) -> Schema {
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        .expect("it has a schema");
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).expect("tables").collect::<Result<_, _>>().expect("names");
    let columns = |table: &String| {
        let mut columns = connection
            .prepare("SELECT name, type, \"notnull\" = 0 AND pk = 0 FROM pragma_table_info(?1)")
            .expect("columns");
        let columns = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        columns.expect("columns").collect::<Result<_, _>>().expect("columns")
    };
    tables.iter().map(|table| (table.clone(), columns(table))).collect()
}

/// Adds rows to every table that there is: one with a value in each column, and one with as few as may
/// be. So a table that somebody adds is looked at as well.
fn strange(dir: &Path) {
    let connection = raw(dir);
    for (table, columns) in schema(&connection) {
        for full in [true, false] {
            let values: Vec<String> = columns
                .iter()
                .zip(0_i64..)
                .map(|((name, kind, nullable), place)| match (kind.as_str(), full) {
                    (_, false) if *nullable => "NULL".into(),
                    // Without an outcome it is open.
                    (_, false) if table == "approvals" && name == "status" => "0".into(),
                    // Falling, since of a purchase no more is paid than asked for, and no more comes back.
                    ("INTEGER", _) => (START.micros() - place + i64::from(full)).to_string(),
                    ("TEXT", _) => format!("'{name} ''\\ \u{1f514}\t' || char(0) || '\n{full}'"),
                    ("BLOB", _) => format!("x'00ff0a5c{:02x}'", u8::from(full)),
                    (other, _) => panic!("{table}.{name} is {other}"),
                })
                .collect();
            let sql = format!("INSERT INTO {table} VALUES ({})", values.join(", "));
            connection.execute(&sql, []).expect(&sql);
        }
    }
}

/// Every row of every table as text, as the embedded engine has them; NUL, which PostgreSQL cannot keep,
/// replaced.
fn rows_here(dir: &Path) -> Vec<(String, Vec<String>)> {
    let connection = raw(dir);
    let read = |(table, columns): (String, Vec<(String, String, bool)>)| {
        let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
        let mut statement = connection.prepare(&format!("SELECT {} FROM {table}", names.join(", "))).expect(&table);
        let rows = statement.query_map([], |row| {
            let texts: rusqlite::Result<Vec<String>> = (0..columns.len())
                .map(|at| {
                    Ok(match row.get_ref(at)? {
                        ValueRef::Null => "null".into(),
                        ValueRef::Integer(number) => number.to_string(),
                        ValueRef::Text(text) => {
                            format!("{:?}", String::from_utf8_lossy(text).replace('\0', "\u{fffd}"))
                        }
                        ValueRef::Blob(bytes) => format!("{bytes:?}"),
                        ValueRef::Real(number) => panic!("{number}"),
                    })
                })
                .collect();
            texts.map(|texts| texts.join(" "))
        });
        let mut rows: Vec<String> = rows.expect(&table).collect::<Result<_, _>>().expect(&table);
        rows.sort();
        (table, rows)
    };
    schema(&connection).into_iter().map(read).collect()
}

/// The same of the database.
async fn rows_there(dir: &Path, database: &Database) -> Vec<(String, Vec<String>)> {
    let (schema, url) = (schema(&raw(dir)), database.url());
    let read = move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL answers");
        let mut all = Vec::new();
        for (table, columns) in schema {
            let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
            // What only this engine keeps.
            let own = if table == "settings" { "WHERE name <> 'partition width'" } else { "" };
            let rows = client.query(&format!("SELECT {} FROM {table} {own}", names.join(", ")), &[]).expect(&table);
            let text = |row: &postgres::Row| {
                let texts = columns.iter().enumerate().map(|(at, (_, kind, _))| match kind.as_str() {
                    "INTEGER" => row.get::<_, Option<i64>>(at).map(|number| number.to_string()),
                    "TEXT" => row.get::<_, Option<&str>>(at).map(|text| format!("{text:?}")),
                    _ => row.get::<_, Option<&[u8]>>(at).map(|bytes| format!("{bytes:?}")),
                });
                texts.map(|text| text.unwrap_or_else(|| "null".into())).collect::<Vec<_>>().join(" ")
            };
            let mut rows: Vec<String> = rows.iter().map(text).collect();
            rows.sort();
            all.push((table, rows));
        }
        all
    };
    tokio::task::spawn_blocking(read).await.expect("it does not panic")
}

#[tokio::test]
async fn every_row_of_every_table_is_moved_and_the_deployment_goes_on() {
    let (dir, database) = (lived_in().await, Arc::new(Database::create().await));
    let moved = run(from(dir.path(), &database), |_| {}).await.expect("it is moved");
    assert!(moved.agrees(), "{moved:?}");
    let here = rows_here(dir.path());
    let counted: Vec<&str> = moved.tables.iter().map(|count| count.name.as_str()).collect();
    for (table, rows) in &here {
        assert!(counted.contains(&table.as_str()) && rows.len() >= 2, "{table} is moved and tried");
    }
    assert_eq!(here, rows_there(dir.path(), &database).await);
    let pending = moved.deliveries.iter().find(|count| count.name == "pending").expect("some are owed");
    assert!(pending.source > 30, "{moved:?}");
    // Push leases ended with the process that held them; those of receivers are promises.
    let held = "SELECT COUNT(*) FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id
                WHERE d.status = 0 AND d.leased_by IS NOT NULL AND e.kind = ";
    assert_eq!(database.number(&format!("{held}'push'")).await, 0);
    assert_eq!(database.number(&format!("{held}'pull'")).await, 4);
    assert_eq!(database.number("SELECT COUNT(*) FROM settings WHERE name = 'master key'").await, 0);

    let world = node(&database, 1).await;
    // Both worlds make up the same ids.
    for _ in 0..1_000 {
        world.mint.ulid();
    }
    let before = database.number("SELECT MAX(seq) FROM deliveries").await;
    // The clock of this node is behind: numbers rise all the same, and nothing is given twice.
    let two = world.workspace("two").await;
    let at = world.endpoint(&two, |_| {}).await.at.clone();
    let event = world.post(&two, "order.placed", None).await;
    assert!(event.seq > before, "{} > {before}", event.seq);
    assert_eq!(world.claim(&at, 10).await.len(), 1);
    let stored =
        see!(world, tx, two => tx.events(&two, &EventFilter::default(), bellwire_domain::PageQuery::ONE).await);
    assert_eq!(stored.items.len(), 1);
}

#[tokio::test]
async fn what_was_spent_and_held_before_a_move_is_spent_and_held_after_it() {
    let (dir, database) = (lived_in().await, Arc::new(Database::create().await));
    let own = "SELECT COUNT(*) FROM purchases WHERE event_id IS NOT NULL";
    let before: i64 = raw(dir.path()).query_row(own, [], |row| row.get(0)).expect("a number");
    assert!(before >= 2, "{before}");
    run(from(dir.path(), &database), |_| {}).await.expect("it is moved");
    assert_eq!(database.number(own).await, 0, "every entry is among entries");
    let entries = database.number("SELECT COUNT(*) FROM spend_entries").await;
    assert!(entries >= 3 + before, "{entries}");
    let same = "SELECT COUNT(*) FROM spend_entries e JOIN spending_events s ON s.event_id = e.event_id
        WHERE s.amount_usd * 1000000000 = e.nanos AND s.wallet_id = e.wallet_id AND s.vendor = e.vendor
            AND s.description = e.description
            AND s.created_at = 'epoch'::timestamptz + e.at * interval '1 microsecond'";
    assert_eq!(database.number(same).await, entries, "the table for people has them all");
    assert_eq!(database.number("SELECT COUNT(*) FROM spending_events").await, entries, "once");
    let find = "SELECT workspace_id, id, parent_id FROM wallets WHERE name = 'a wallet' AND depth = 2";
    let [workspace, wallet, root] = &database.table(find).await[0][..] else { panic!("three columns") };
    let one = WorkspaceId::from_stored(workspace);
    let till = Till { by: principal(&one, None), world: node(&database, 1).await, one };
    for _ in 0..1_000 {
        till.world.mint.ulid();
    }
    let (wallet, root) = (WalletId::from_stored(wallet), WalletId::from_stored(root));
    till.world.pass(60);
    assert_eq!(word(&till.buy(&wallet, "35.000000001").await), ("short", Some(&wallet)));
    till.bought(&wallet, "35").await;
    till.stands(&root, "45", "5").await;
    till.world.pass(86_400);
    till.bought(&wallet, "5").await;
    till.stands(&root, "50", "0").await;
}

#[tokio::test]
async fn what_was_moved_is_served_from_no_more_and_moved_no_second_time() {
    let (dir, database) = (lived_in().await, Database::create().await);
    run(from(dir.path(), &database), |_| {}).await.expect("it is moved");
    let refused = open(dir.path()).err().expect("it is refused").to_string();
    assert!(refused.contains("moved to PostgreSQL") && refused.contains("moved-to-postgresql.json"), "{refused}");
    let again = run(from(dir.path(), &database), |_| {}).await.expect_err("once is enough");
    assert!(matches!(again, MoveError::Already(OpenError::Moved(_))), "{again}");
    std::fs::remove_file(dir.path().join("moved-to-postgresql.json")).expect("the file that it names");
    open(dir.path()).expect("it opens again").store.close().await;
    // It is another deployment now.
    let again = run(from(dir.path(), &database), |_| {}).await.expect_err("it would be mixed");
    assert!(matches!(again, MoveError::Refused(_)), "{again}");
    open(dir.path()).expect("a refused move leaves no mark").store.close().await;
}

#[tokio::test]
async fn a_move_is_refused_while_somebody_serves_or_where_others_are_or_with_a_wrong_key() {
    let (dir, database) = (lived_in().await, Database::create().await);
    let world = open(dir.path()).expect("it opens");
    let locked = run(from(dir.path(), &database), |_| {}).await.expect_err("a server runs");
    assert!(matches!(locked, MoveError::Source(OpenError::Locked(_))), "{locked}");
    world.store.close().await;
    drop(world);
    let wrong = Move { vault: Arc::new(Vault::new(&MasterKey::from_bytes([8; 32]))), ..from(dir.path(), &database) };
    let wrong = run(wrong, |_| {}).await.expect_err("the key does not fit");
    assert!(matches!(wrong, MoveError::Source(OpenError::Vault(_))), "{wrong}");
    let database = Arc::new(database);
    let other = node(&database, 1).await;
    other.workspace("somebody else's").await;
    other.store.close().await;
    let refused = run(from(dir.path(), &database), |_| {}).await.expect_err("it would be mixed");
    assert!(refused.to_string().contains("did not come from this data directory"), "{refused}");
    let nowhere = tempfile::tempdir().expect("a directory");
    let missing = run(from(nowhere.path(), &database), |_| {}).await.expect_err("nothing is there");
    assert!(matches!(missing, MoveError::Source(OpenError::Io { .. })), "{missing}");
    assert!(!nowhere.path().join("bellwire.db").exists(), "and nothing is made");
}

#[tokio::test]
async fn an_interrupted_move_goes_on_where_it_was_and_nobody_serves_meanwhile() {
    let (dir, database) = (lived_in().await, Database::create().await);
    raw(dir.path())
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 25000)
             INSERT INTO attempts (delivery_seq, number, id, at, total_us, request_headers, response_headers)
             SELECT 1800000000000000 + n / 3, n % 3, 'att_' || n, n, n, '{}', '{}' FROM n",
        )
        .expect("many rows");
    let moving = from(dir.path(), &database);
    let interrupted = tokio::task::spawn_blocking(move || {
        moving.run(|step| {
            if let Step::Copied { table: "attempts", rows: 10_000.., .. } = step {
                panic!("the process dies here");
            }
        })
    });
    assert!(interrupted.await.is_err());
    let here = open(dir.path()).err().expect("it is refused").to_string();
    assert!(here.contains("is being moved"), "{here}");
    let options = PostgresOptions {
        url: database.url(),
        vault: World::vault(),
        observer: Arc::new(Recorder::default()),
        readers: 1,
        partition: Duration::from_hours(24),
        node: 1,
        migrations: POSTGRES_MIGRATIONS,
    };
    let there = Store::open_postgres(options).await.err().expect("it is refused").to_string();
    assert!(there.contains("not finished"), "{there}");
    let kept = Store::kept_master_key(database.url(), MasterKey::random(), POSTGRES_MIGRATIONS).await;
    assert!(kept.is_err(), "no key is made in what is half there");
    let before = database.number("SELECT COUNT(*) FROM attempts").await;
    assert_eq!(before, 10_000);
    let moved = run(from(dir.path(), &database), |_| {}).await.expect("it goes on");
    assert!(moved.agrees(), "{moved:?}");
    let attempts = moved.tables.iter().find(|count| count.name == "attempts").expect("a table");
    assert_eq!(attempts.target, 25_002);
    let after: i64 = moved.tables.iter().skip_while(|count| count.name != "attempts").map(|count| count.source).sum();
    assert_eq!(moved.copied, after - before, "nothing is copied twice");
    assert_eq!(rows_here(dir.path()), rows_there(dir.path(), &database).await);
}
