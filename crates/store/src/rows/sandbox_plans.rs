//! A step of removing a sandbox costs the same however much there is of it, on both engines.
use std::sync::Arc;

use bellwire_e2e::postgres::Database;
use rusqlite::{Connection, StatementStatus};

use super::sandbox::{NEXT_DELIVERIES, REMOVED, tests::fill};
use crate::{
    Fault, InlineStore, MasterKey, Nobody, POSTGRES_MIGRATIONS, Store, Vault,
    postgres::{migrate, without_hints},
    tx,
};

/// Browsers that are logged in are few, and gone by themselves: those of a workspace are found among all.
const FEW: [&str; 2] = ["session_links", "sessions"];

/// Every statement of a step, by its table.
fn steps() -> impl Iterator<Item = (&'static str, &'static str)> {
    std::iter::once(("deliveries", NEXT_DELIVERIES)).chain(REMOVED)
}

/// Runs `test` on a database of the embedded engine with its whole schema.
async fn embedded<T: Send + 'static>(test: impl Fn(&Connection) -> T + Send + Sync + 'static) -> T {
    let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])));
    let inline = InlineStore::in_memory(vault, Arc::new(Nobody), Box::new(|_| Fault::None)).expect("it opens");
    let test = Arc::new(test);
    let store = Store::inline(Arc::new(inline));
    let ran = store.transact("everything", move |tx| {
        let test = Arc::clone(&test);
        Box::pin(async move {
            let tx::Connection::Sqlite(connection) = &tx.connection else { panic!("the embedded engine") };
            Ok(test(connection))
        })
    });
    ran.await.expect("it runs")
}

/// What the engine does for each statement of a step, where a workspace holds so many rows of each kind and only the
/// last of those that others are found by has any.
async fn costs(rows: usize) -> Vec<(&'static str, i32)> {
    embedded(move |connection| {
        fill(connection, "one", rows);
        for (table, sql) in steps() {
            let Some((before, _)) = sql.split_once(" IN (SELECT id ") else { continue };
            let by = before.rsplit(' ').next().expect("it is named");
            let last = format!("DELETE FROM {table} WHERE {by} < (SELECT MAX({by}) FROM {table})");
            connection.execute(&last, []).expect("SQL");
        }
        let cost = |sql: &str| {
            let mut statement = connection.prepare(sql).expect("SQL");
            statement.raw_bind_parameter("$1", "one").expect("the workspace");
            statement.raw_bind_parameter("$2", 5).expect("the limit");
            let mut rows = statement.raw_query();
            while rows.next().expect("SQL").is_some() {}
            drop(rows);
            statement.get_status(StatementStatus::VmStep)
        };
        steps().map(|(table, sql)| (table, cost(sql))).collect()
    })
    .await
}

#[tokio::test]
async fn a_step_costs_the_same_however_much_a_sandbox_holds() {
    let (few, many) = (costs(20).await, costs(2_000).await);
    for ((table, few), (_, many)) in few.into_iter().zip(many) {
        assert!(many <= few * 2, "{table}: {few} became {many}");
    }
}

#[tokio::test]
async fn no_step_reads_a_whole_table_of_the_embedded_engine() {
    let plans = embedded(|connection| {
        let plan = |(table, sql): (&'static str, &'static str)| {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("SQL");
            let steps: Vec<String> =
                explained.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>().expect("it is explained");
            (table, steps)
        };
        steps().map(plan).collect::<Vec<_>>()
    });
    for (table, steps) in plans.await {
        let scans = steps.iter().any(|step| step.starts_with("SCAN"));
        assert!(!scans || FEW.contains(&table), "{table}: {steps:?}");
    }
}

#[test]
fn no_step_has_to_read_a_whole_table_of_postgresql() {
    let database = Database::create();
    let mut client = database.connect();
    migrate(&mut client, POSTGRES_MIGRATIONS).expect("it migrates");
    // Of empty tables it would rather read the whole: what is asked is whether it has to.
    client.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").expect("it answers");
    for (table, sql) in steps() {
        let prepare = format!("PREPARE step (text, bigint) AS {}", without_hints(sql));
        client.batch_execute(&prepare).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let lines = client.query("EXPLAIN EXECUTE step ('one', 100)", &[]).expect("it is explained");
        client.batch_execute("DEALLOCATE step").expect("it answers");
        let plan: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
        let scans = plan.iter().any(|step| step.contains("Seq Scan"));
        assert!(!scans || FEW.contains(&table), "{table}: {plan:#?}");
    }
}
