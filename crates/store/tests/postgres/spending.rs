//! Spending on PostgreSQL: the table for people and their tools, and nodes that spend beside each other.
use std::{collections::BTreeMap, sync::Arc};

use bellwire_domain::{
    StoreError, Stored,
    spend::{self, Refusal, Rows as _, SpendFilter, Split},
};
use bellwire_wire::{Timestamp, WalletId};
use tokio::task::JoinSet;

use crate::{
    contract::{
        World,
        spend_model::{Blow, Left, Trouble, spending_is_as_a_model_says_whatever_happens},
        spend_sums::{BEFORE, a_database_of_before_goes_on},
        till::{Till, asking, order, principal, word},
    },
    database::Database,
    node,
};

const BY_VENDOR: &str = "SELECT vendor, SUM(amount_usd) AS total_usd, COUNT(*) AS purchases
FROM spending_events GROUP BY vendor ORDER BY total_usd DESC";
const BURN: &str = "SELECT wallet_id, SUM(amount_usd) AS burn_usd FROM spending_events
WHERE created_at > now() - interval '1 hour' GROUP BY wallet_id ORDER BY burn_usd DESC";
const SPIKES: &str = "SELECT DATE_TRUNC('minute', created_at) AS minute, SUM(amount_usd) AS spent_usd
FROM spending_events WHERE created_at > now() - interval '2 hours' GROUP BY minute ORDER BY minute";

#[tokio::test]
async fn the_usual_three_queries_run_as_they_are_on_what_every_purchase_writes() {
    let database = Arc::new(Database::create().await);
    let till = Till::open(node(&database, 1).await).await;
    let now = database.number("SELECT (EXTRACT(epoch FROM DATE_TRUNC('minute', now())) * 1000000)::bigint").await;
    let ago = |seconds: i64| Timestamp::from_micros(now - seconds * 1_000_000);
    till.world.set(ago(3 * 3_600));
    let (one, two) = (till.wallet("1000000000").await, till.wallet("1000").await);
    // A parent's table is its own spending: nothing is counted twice.
    let below = till.below(&one, "1000000000").await;
    till.bought(&below, "999999999.123456789").await;
    let buy = async |seconds: i64, wallet: &WalletId, amount: &str, vendor: &str| {
        till.world.set(ago(seconds));
        till.grant(&till.by, wallet, order(amount, vendor), None).await.expect("it is granted").purchase
    };
    let old = buy(2 * 3_600 - 90, &two, "0.000000001", "aws").await;
    buy(3_000, &two, "1.5", "aws").await;
    buy(2_999, &two, "0.5", "open\"ai").await;
    let hold = till.held(&two, "5", 600).await;
    buy(1_800, &two, "3", "aws").await;
    till.capture(&hold, None).await;
    till.world.set(ago(1_790));
    till.refund(&old, None).await;
    let toys = till.make("100", |new| new.sandbox = true).await;
    till.bought(&toys, "50").await;

    let by_vendor = database.table(BY_VENDOR).await;
    let wanted = [["acme", "999999999.123456789", "1"], ["aws", "4.500000000", "4"], ["open\"ai", "0.500000000", "1"]];
    assert_eq!(by_vendor, wanted, "an expired hold is none");
    assert_eq!(database.table(BURN).await, [[two.as_str(), "4.999999999"]]);
    let spikes = database.table(SPIKES).await;
    assert_eq!(
        spikes.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(),
        ["0.000000001", "2.000000000", "2.999999999"]
    );
    let zone = database.table("SHOW timezone").await;
    let minutes = "SELECT COUNT(*) FROM spending_events
        WHERE created_at = 'epoch'::timestamptz + (SELECT at FROM spend_entries e WHERE e.event_id =
            spending_events.event_id) * interval '1 microsecond'";
    assert_eq!(database.number(minutes).await, 6, "in {zone:?}");
    let told = "SELECT COUNT(*) FROM spending_events s JOIN events e ON e.id = s.event_id
        WHERE e.type IN ('purchase.succeeded', 'purchase.refunded')";
    assert_eq!(database.number(told).await, 6);
}

/// Buys one dollar's worth through a node; whether it was granted.
fn buy(world: &World, till: &Till, wallet: &WalletId, number: i64, tasks: &mut JoinSet<Stored<String>>) {
    let (store, ctx, by, wallet) = (world.store.clone(), world.ctx(), till.by.clone(), wallet.clone());
    let mut bought = order("1", "acme");
    bought.description = format!("number {number}");
    tasks.spawn(async move {
        let granted = store.transact("buy", move |tx| {
            let (ctx, by, wallet, bought) = (ctx.clone(), by.clone(), wallet.clone(), bought.clone());
            Box::pin(async move { spend::grant(tx, &ctx, &by, &wallet, bought, None, &asking()).await })
        });
        granted.await.map(|granted| match &granted {
            Err(Refusal::Short(shortage)) => shortage.blocking.id().to_string(),
            other => word(other).0.to_owned(),
        })
    });
}

async fn two() -> (Till, World, Arc<Database>) {
    let database = Arc::new(Database::create().await);
    let one = node(&database, 1).await;
    let two = node(&database, 2).await;
    // Both worlds make up the same ids.
    for _ in 0..10_000 {
        two.mint.ulid();
    }
    (Till::open(one).await, two, database)
}

fn count(answers: &[Stored<String>]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.as_deref().expect("it commits")).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_buyers_on_two_nodes_exactly_as_many_succeed_as_the_budget_is_for() {
    let (till, other, database) = two().await;
    let wallet = till.wallet("23").await;
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        buy(if number % 2 == 0 { &till.world } else { &other }, &till, &wallet, number, &mut tasks);
    }
    let answers = tasks.join_all().await;
    assert_eq!(count(&answers), BTreeMap::from([("granted", 23), (wallet.as_str(), 41)]));
    till.stands(&wallet, "23", "0").await;
    assert_eq!(till.stand(&wallet).await.account.denied_count, 41, "no node counts by itself");
    assert_eq!(till.told("budget.exhausted").await.len(), 1, "one of all nodes tells");
    assert_eq!(database.number("SELECT COUNT(*) FROM purchases").await, 23);
    assert_eq!(database.number("SELECT SUM(amount_usd)::bigint FROM spending_events").await, 23);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_buyers_below_one_wallet_exactly_as_many_succeed_as_it_is_for() {
    let (till, other, database) = two().await;
    let root = till.make("31", |new| new.terms.thresholds = vec![50, 100]).await;
    let team = till.below(&root, "20").await;
    let (one, two, three) =
        (till.below(&team, "40").await, till.below(&team, "40").await, till.below(&root, "40").await);
    let mut tasks = JoinSet::new();
    for number in 0..96 {
        let wallet = [&one, &two, &three][usize::try_from(number % 3).expect("small")];
        buy(if number % 2 == 0 { &till.world } else { &other }, &till, wallet, number, &mut tasks);
    }
    let answers = tasks.join_all().await;
    assert_eq!(count(&answers)["granted"], 31);
    till.stands(&root, "31", "0").await;
    let below = till.stand(&team).await.account.spent;
    assert!(below <= till.stand(&team).await.budget());
    let mut sum = 0;
    for wallet in [&one, &two] {
        sum += till.stand(wallet).await.account.spent.nanos();
    }
    assert_eq!(sum, below.nanos(), "a parent has what its children have");
    assert_eq!(till.times("budget.threshold", &root).await, 2, "each once, whichever node");
    assert!(till.times("budget.exhausted", &root).await <= 1 + 31, "once between two successes");
    let (world, workspace) = (&other, &till.one);
    let shares = see!(world, tx, workspace => tx.spend_by(&workspace, Split::Vendor, &SpendFilter::default()).await);
    assert_eq!((shares[0].nanos, shares[0].count), (31_000_000_000, 31));
    assert_eq!(database.number("SELECT COUNT(*) FROM spending_events").await, 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_hold_ended_on_two_nodes_at_once_one_end_wins() {
    let (till, other, _database) = two().await;
    let wallet = till.wallet("100").await;
    for _ in 0..20 {
        let hold = till.held(&wallet, "4", 3_600).await;
        let mut tasks = JoinSet::new();
        for number in 0..8 {
            let world = if number % 2 == 0 { &till.world } else { &other };
            let (store, ctx, by) = (world.store.clone(), world.ctx(), till.by.clone());
            let id = spend::PurchaseRef::Purchase(hold.id.clone());
            let end = if number % 3 == 0 { spend::EndHold::Capture(None) } else { spend::EndHold::Void };
            tasks.spawn(async move {
                let ended = store.transact("end", move |tx| {
                    let (ctx, by, id, end) = (ctx.clone(), by.clone(), id.clone(), end.clone());
                    Box::pin(async move { spend::end_hold(tx, &ctx, &by, &id, end).await })
                });
                matches!(ended.await.expect("it commits"), spend::Ended::Done(_))
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
    let captured = i64::try_from(till.told("purchase.succeeded").await.len()).expect("few");
    let account = till.stand(&wallet).await.account;
    assert_eq!((account.spent.nanos(), account.held.nanos()), (captured * 4_000_000_000, 0));
}

#[tokio::test]
async fn an_undone_purchase_is_in_no_table() {
    let database = Arc::new(Database::create().await);
    let till = Till::open(node(&database, 1).await).await;
    let wallet = till.wallet("10").await;
    let (world, ctx, by, bought) = (&till.world, till.world.ctx(), principal(&till.one, None), order("1", "acme"));
    let failed: Stored<()> = try_run!(world, tx, ctx, by, wallet, bought => {
        spend::grant(tx, &ctx, &by, &wallet, bought, None, &asking()).await?.expect("it is granted");
        Err(StoreError::Broken("refused".into()))
    });
    assert!(failed.is_err());
    till.bought(&wallet, "2").await;
    for table in ["spending_events", "spend_entries", "purchases", "spend_sums"] {
        assert_eq!(database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spending_is_as_a_model_says_whenever_connections_are_cut() {
    let database = Arc::new(Database::create().await);
    let world = node(&database, 1).await;
    let trouble = Trouble {
        strike: Box::new(move |dice| {
            let database = Arc::clone(&database);
            let deed = async move {
                // Sometimes before the command begins, else somewhere in it.
                for _ in 0..dice % 64 {
                    tokio::task::yield_now().await;
                }
                database.cut_connections().await;
            };
            Blow { left: Left::Either, dies: false, deed: Box::pin(deed) }
        }),
        recover: Box::new(|store, _| Box::pin(async move { store })),
    };
    spending_is_as_a_model_says_whatever_happens(world, trouble, (4, 80)).await;
}

#[tokio::test]
async fn sums_of_before_they_were_added_up_by_and_by_go_on() {
    let database = Arc::new(Database::create().await);
    let till = Till::open(node(&database, 1).await).await;
    let older = async |world: World| {
        database.execute(BEFORE).await;
        world
    };
    a_database_of_before_goes_on(till, older).await;
}

#[tokio::test]
async fn a_purchase_reads_a_few_rows_however_many_there_are() {
    const MANY: i64 = 20_000;
    let database = Arc::new(Database::create().await);
    let till = Till::open(node(&database, 1).await).await;
    let limits = spend::Limits { max_count_per_minute: Some(10_000), ..spend::Limits::default() };
    let root = till.make("1000000", |new| (new.terms.limits, new.terms.thresholds) = (limits, vec![1, 50])).await;
    let wallet = till.below(&root, "1000000").await;
    let below = wallet.clone();
    let everything = async |round: i64| {
        let bought = till.bought(&below, "1").await;
        let hold = till.held(&below, &format!("{round}"), 60).await;
        till.capture(&hold, None).await;
        till.refund(&bought, None).await;
        till.held(&below, "1", 60).await;
        till.world.pass(70);
        assert_eq!(word(&till.buy(&below, "1000000").await).0, "short");
        assert_eq!(till.sweep().await, 0);
        till.update(&below, |update| update.name = Some(format!("{round}"))).await;
    };
    // Plans are made while the tables are empty, and stay.
    for round in 1..4 {
        everything(round).await;
    }
    let (one, start) = (till.one.clone(), till.world.now().micros());
    database
        .execute(&format!(
            "INSERT INTO wallets SELECT -n, 'wal_' || n, '{one}', NULL, '', NULL, NULL, 1, 0, 1, 'total', 'UTC', '{{}}', '[]',
                 'active', NULL, 0, 0, 0, NULL, 0, 0, 0, 0, NULL, '{{}}' FROM generate_series(1, {MANY}) n;
             INSERT INTO purchases (seq, id, hold_id, workspace_id, wallet_id, status, amount, captured, refunded, vendor,
                 description, sandbox, likeness, created_at, expires_at)
             SELECT -n, 'pur_' || n, 'hld_' || n, '{one}', 'wal_' || n % 7, n % 2, 1, 0, 0, 'acme', '', 0, n, {start},
                 {start} + 3600000000 FROM generate_series(1, {MANY}) n;
             INSERT INTO refunds SELECT -n, 'ref_' || n, 'pur_' || n, '{one}', 1, NULL, 0 FROM generate_series(1, {MANY}) n;
             INSERT INTO spend_sums SELECT '{one}', 0, {start} - n * 60000000::bigint, 'wal_1', 'acme', '', '', NULL, 0, 1, 1
                 FROM generate_series(1, {MANY}) n;
             INSERT INTO spend_moments SELECT 'wal_' || n, {start}, n, 1 FROM generate_series(1, {MANY}) n;
             INSERT INTO wallet_minutes SELECT 'wal_' || n % 9, n, 1 FROM generate_series(1, {MANY}) n;
             SELECT pg_stat_reset()"
        ))
        .await;
    for round in 4..34 {
        everything(round).await;
    }
    till.world.store.close().await;
    // Sessions that ended have told what they read.
    let looked = "SELECT COALESCE(SUM(idx_scan), 0)::bigint FROM pg_stat_user_tables WHERE relname IN
        ('wallets', 'purchases', 'spend_moments')";
    while database.number(looked).await < 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let read = database
        .table(
            "SELECT t.relname, MAX(t.seq_tup_read), SUM(i.idx_tup_read) FROM pg_stat_user_tables t
             JOIN pg_stat_user_indexes i ON i.relid = t.relid
             WHERE t.relname IN ('wallets', 'purchases', 'refunds', 'spend_entries', 'spend_sums', 'spend_hours',
                 'spend_moments', 'wallet_minutes')
             GROUP BY t.relname",
        )
        .await;
    for row in &read {
        let [table, scanned, found] = &row[..] else { panic!("three columns") };
        assert_eq!(scanned, "0", "{table} is read whole");
        let found: i64 = found.parse().expect("a number");
        assert!(found < MANY, "{table}: {read:?}");
    }
}
