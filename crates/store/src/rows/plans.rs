//! What is read on the way of a purchase is found by an index, whatever else is stored.
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bellwire_domain::{
    Ctx, Mint, Origin, PageQuery, Stored,
    approval::Office,
    spend::{
        self, Asking, Bucket, CreateWallet, Created, EndHold, Limits, Nanos, Order, PurchaseFilter, PurchaseRef,
        Rows as _, SpendFilter, Split, Terms, UpdateWallet, WalletFilter, WalletStatus, Window, WindowKind, Zone,
    },
    workspace::{Key, KeyHash, KeyKind, Permissions, Principal},
};
use bellwire_wire::{KeyId, SigningKey, Timestamp, UsdNanos, WalletId, WorkspaceId};
use ulid::Ulid;

use crate::{Fault, InlineStore, MasterKey, Nobody, Store, Tx, Vault, sqlite::SAID, tx::Connection};

struct Counting(AtomicU64);

impl Mint for Counting {
    fn ulid(&self) -> Ulid {
        Ulid::from_parts(1, self.0.fetch_add(1, Ordering::Relaxed).into())
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn roll(&self) -> u32 {
        0
    }
}

fn principal() -> Principal {
    let key = Key {
        id: KeyId::from_ulid(Ulid::nil()),
        workspace_id: WorkspaceId::from_ulid(Ulid::nil()),
        name: String::new(),
        kind: KeyKind::Owner,
        namespace: None,
        permissions: Permissions::all(),
        agent_id: None,
        person: None,
        prefix: String::new(),
        hash: KeyHash([7; 32]),
        created_at: Timestamp::EPOCH,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    Principal { key: Arc::new(key), workspace_name: "".into() }
}

fn order(nanos: i64) -> Order {
    Order {
        amount: UsdNanos::from_nanos(nanos),
        vendor: "acme".into(),
        description: String::new(),
        category: None,
        memo: None,
        rail: None,
        run_id: None,
        agent_id: None,
        metadata: None,
    }
}

fn new_wallet(parent_id: Option<WalletId>) -> CreateWallet {
    let limits = Limits { max_per_minute: Some(Nanos(1_000)), ..Limits::default() };
    let terms = Terms {
        name: String::new(),
        budget: UsdNanos::from_nanos(100),
        window: Window { kind: WindowKind::Daily, zone: Zone::UTC },
        limits,
        thresholds: vec![1],
        policy_id: None,
        status: WalletStatus::Active,
        status_reason: None,
    };
    CreateWallet { terms, namespace: None, agent_id: None, parent_id, sandbox: false }
}

/// What people would be asked with.
fn asking() -> Asking {
    let office = Office {
        signing_key: Arc::new(SigningKey::from_seed(&[7; 32])),
        public_url: "http://localhost".into(),
        integrations: Arc::new([]),
    };
    Asking { office, request_body: "{}".into(), callback_url: None }
}

/// Everything that is done with wallets.
async fn live(tx: &mut Tx, ctx: &mut Ctx, by: &Principal) -> Stored<()> {
    let mut wallet = None;
    for _ in 0..2 {
        let Created::Made(made) = spend::create_wallet(tx, ctx, by, new_wallet(wallet)).await? else {
            panic!("it is made");
        };
        wallet = Some(made.id().clone());
    }
    let wallet = wallet.expect("made");
    for _ in 0..25 {
        drop(spend::grant(tx, ctx, by, &wallet, order(1), None, &asking()).await?);
        ctx.now = ctx.now.after(Duration::from_secs(1));
    }
    ctx.now = ctx.now.after(Duration::from_mins(2));
    for number in 0..3 {
        let held = spend::grant(tx, ctx, by, &wallet, order(20), Some(Duration::from_secs(9)), &asking()).await?;
        let id = PurchaseRef::Hold(held.expect("granted").purchase.hold_id.expect("a hold"));
        if number == 0 {
            spend::end_hold(tx, ctx, by, &id, EndHold::Capture(None)).await?;
            spend::refund(tx, ctx, by, &id, None, None).await?;
        }
    }
    ctx.now = ctx.now.after(Duration::from_secs(10));
    let granted = spend::grant(tx, ctx, by, &wallet, order(60), None, &asking()).await?;
    assert!(granted.is_ok(), "what is overdue was released for it");
    drop(spend::grant(tx, ctx, by, &wallet, order(900), None, &asking()).await?);
    spend::release_overdue(tx, ctx, None, 10).await?;
    let limits = Some(Limits::default());
    let change = UpdateWallet { limits, reason: String::new(), ..UpdateWallet::default() };
    spend::update_wallet(tx, ctx, by, &wallet, change).await?;
    Ok(())
}

/// Everything that is asked about it.
async fn look(tx: &mut Tx, one: &WorkspaceId) -> Stored<()> {
    let wallet = tx.wallets(one, &WalletFilter::default(), PageQuery::ONE).await?.items.remove(0);
    let purchase = tx.purchases(one, &PurchaseFilter::default(), PageQuery::ONE).await?.items.remove(0);
    let of = PurchaseFilter { wallet_id: Some(wallet.id().clone()), ..PurchaseFilter::default() };
    tx.purchases(one, &of, PageQuery::ONE).await?;
    tx.refunds(&purchase).await?;
    let (since, until) = (Timestamp::from_micros(1_799_000_000_000_001), Timestamp::from_micros(1_802_000_000_000_001));
    for wallet_id in [None, Some(wallet.id().clone())] {
        let filter = SpendFilter { namespace: None, wallet_id, since: Some(since), until: Some(until) };
        for split in [Split::Vendor, Split::Wallet, Split::Agent, Split::Category] {
            tx.spend_by(one, split, &filter).await?;
        }
        tx.spend_over_time(one, Bucket::Minute, &filter).await?;
        tx.spend_over_time(one, Bucket::Day, &filter).await?;
    }
    Ok(())
}

#[tokio::test]
async fn nothing_on_the_way_of_a_purchase_reads_a_whole_table() {
    let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32])));
    let inline = InlineStore::in_memory(vault, Arc::new(Nobody), Box::new(|_| Fault::None)).expect("it opens");
    let store = Store::inline(Arc::new(inline));
    SAID.take();
    let plans = store.transact("everything", |tx| {
        Box::pin(async move {
            let mint: Arc<dyn Mint> = Arc::new(Counting(AtomicU64::new(1)));
            let mut ctx = Ctx { now: Timestamp::from_seconds(1_800_000_000), mint, origin: Origin::default() };
            let by = principal();
            live(tx, &mut ctx, &by).await?;
            look(tx, by.workspace()).await?;
            let later = ctx.now.after(Duration::from_hours(48));
            tx.sums_behind(later, "", 10)?;
            while tx.add_up(by.workspace(), later)? {}
            look(tx, by.workspace()).await?;
            let Connection::Sqlite(connection) = &tx.connection else { panic!("the embedded engine") };
            let plan = |sql: &str| -> rusqlite::Result<Vec<String>> {
                let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let rows = explained.raw_query();
                rows.mapped(|row| row.get(3)).collect()
            };
            let said: BTreeSet<&'static str> = SAID.take();
            Ok(said.into_iter().map(|sql| (sql, plan(sql).expect(sql))).collect::<Vec<_>>())
        })
    });
    let plans = plans.await.expect("it runs");
    assert!(plans.len() > 40, "{}", plans.len());
    for (sql, steps) in plans {
        for step in steps {
            // What a statement has just made up itself is short.
            let scans = step.starts_with("SCAN") && step != "SCAN up" && step != "SCAN CONSTANT ROW";
            assert!(!scans, "{step} in {sql}");
        }
    }
}
