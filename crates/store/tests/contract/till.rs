//! Wallets and purchases through the real commands, and what was told of them.
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bellwire_domain::{
    StoreError, Stored,
    approval::Office,
    event::{DataSchema, EventFilter, Rows as _},
    spend::{
        self, Asking, CreateWallet, Created, EndHold, Ended, Limits, Order, Purchase, PurchaseRef, Receipt, Refunded,
        Refusal, Rows as _, Terms, UpdateWallet, Updated, Wallet, WalletStatus, Window, WindowKind, Zone,
    },
    workspace::{Key, KeyHash, KeyKind, Permissions, Principal},
};
use bellwire_wire::{KeyId, SigningKey, Timestamp, UsdNanos, WalletId, WorkspaceId, catalog};
use serde_json::Value;
use ulid::Ulid;

use super::{World, namespace};

/// The schemas of what is told of spending, by the type's name.
static SCHEMAS: LazyLock<BTreeMap<&str, DataSchema>> = LazyLock::new(|| {
    let ours = catalog::types().iter().filter(|spec| {
        ["wallet.", "purchase.", "budget.", "spend."].iter().any(|family| spec.name.starts_with(family))
    });
    let compile = |spec: &catalog::TypeSpec| {
        let source = serde_json::from_str(spec.schema.get()).expect("a schema is JSON");
        (spec.name, DataSchema::compile(source).expect("a schema"))
    };
    ours.map(compile).collect()
});

/// A workspace with money, and a key that may do everything.
pub(crate) struct Till {
    pub(crate) world: World,
    pub(crate) one: WorkspaceId,
    pub(crate) by: Principal,
}

pub(crate) fn usd(text: &str) -> UsdNanos {
    text.parse().expect("an amount")
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn principal(workspace: &WorkspaceId, within: Option<&str>) -> Principal {
    let key = Key {
        id: KeyId::from_ulid(Ulid::from_parts(1, 1)),
        workspace_id: workspace.clone(),
        name: "till".into(),
        kind: KeyKind::Owner,
        namespace: within.map(namespace),
        permissions: Permissions::all(),
        agent_id: None,
        person: None,
        prefix: "bw_".into(),
        hash: KeyHash([7; 32]),
        created_at: Timestamp::EPOCH,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    Principal { key: Arc::new(key), workspace_name: "till".into() }
}

pub(crate) fn order(amount: &str, vendor: &str) -> Order {
    Order {
        amount: usd(amount),
        vendor: vendor.into(),
        description: "tokens".into(),
        category: None,
        memo: None,
        rail: None,
        run_id: None,
        agent_id: None,
        metadata: None,
    }
}

/// A wallet to be made: prepaid, without thresholds.
pub(crate) fn new_wallet(budget: &str) -> CreateWallet {
    CreateWallet {
        terms: Terms {
            name: "a wallet".into(),
            budget: usd(budget),
            window: Window { kind: WindowKind::Total, zone: Zone::UTC },
            limits: Limits::default(),
            thresholds: Vec::new(),
            policy_id: None,
            status: WalletStatus::Active,
            status_reason: None,
        },
        namespace: None,
        agent_id: None,
        parent_id: None,
        sandbox: false,
    }
}

/// What came of a grant, in a word and, if one is to blame, its wallet.
pub(crate) fn word(granted: &Result<Receipt, Refusal>) -> (&'static str, Option<&WalletId>) {
    match granted {
        Ok(_) => ("granted", None),
        Err(Refusal::Unknown) => ("unknown", None),
        Err(Refusal::NotYours) => ("not yours", None),
        Err(Refusal::Frozen(wallet)) => ("frozen", Some(wallet.id())),
        Err(Refusal::Denied(finding)) => (finding.rule, None),
        Err(Refusal::Crowded) => ("crowded", None),
        Err(Refusal::Limited(wallet, breach)) => (breach.rule.as_str(), Some(wallet.id())),
        Err(Refusal::Short(shortage)) => ("short", Some(shortage.blocking.id())),
    }
}

impl Till {
    pub(crate) async fn open(world: World) -> Self {
        let one = world.workspace("one").await;
        let by = principal(&one, None);
        Self { world, one, by }
    }

    pub(crate) async fn create(&self, by: &Principal, new: CreateWallet) -> Created {
        let (world, ctx) = (&self.world, self.world.ctx());
        run!(world, tx, ctx, by, new => spend::create_wallet(tx, &ctx, &by, new).await)
    }

    /// A prepaid wallet, changed as wanted.
    pub(crate) async fn make(&self, budget: &str, change: impl FnOnce(&mut CreateWallet)) -> WalletId {
        let mut new = new_wallet(budget);
        change(&mut new);
        match self.create(&self.by, new).await {
            Created::Made(wallet) => wallet.id().clone(),
            other => panic!("it is made: {other:?}"),
        }
    }

    pub(crate) async fn wallet(&self, budget: &str) -> WalletId {
        self.make(budget, |_| {}).await
    }

    pub(crate) async fn below(&self, parent: &WalletId, budget: &str) -> WalletId {
        self.make(budget, |new| new.parent_id = Some(parent.clone())).await
    }

    /// A wallet whose budget starts anew.
    pub(crate) async fn periodic(&self, budget: &str, kind: WindowKind, zone: &str) -> WalletId {
        let zone = zone.parse().expect("a zone");
        self.make(budget, |new| new.terms.window = Window { kind, zone }).await
    }

    pub(crate) async fn grant(
        &self,
        by: &Principal,
        wallet: &WalletId,
        order: Order,
        hold_for: Option<u64>,
    ) -> Result<Receipt, Refusal> {
        let (world, ctx, hold_for) = (&self.world, self.world.ctx(), hold_for.map(Duration::from_secs));
        let asking = asking();
        run!(world, tx, ctx, by, wallet, order, asking => {
            spend::grant(tx, &ctx, &by, &wallet, order, hold_for, &asking).await
        })
    }

    pub(crate) async fn buy(&self, wallet: &WalletId, amount: &str) -> Result<Receipt, Refusal> {
        self.grant(&self.by, wallet, order(amount, "acme"), None).await
    }

    /// A purchase that is granted.
    pub(crate) async fn bought(&self, wallet: &WalletId, amount: &str) -> Purchase {
        self.buy(wallet, amount).await.expect("it is granted").purchase
    }

    /// A hold that is granted.
    pub(crate) async fn held(&self, wallet: &WalletId, amount: &str, seconds: u64) -> Purchase {
        let granted = self.grant(&self.by, wallet, order(amount, "acme"), Some(seconds)).await;
        granted.expect("it is granted").purchase
    }

    pub(crate) async fn end(&self, hold: &Purchase, end: EndHold) -> Ended {
        let (world, ctx, by) = (&self.world, self.world.ctx(), &self.by);
        let id = PurchaseRef::Hold(hold.hold_id.clone().expect("a hold"));
        run!(world, tx, ctx, by, id, end => spend::end_hold(tx, &ctx, &by, &id, end).await)
    }

    /// Captures so much of a hold, or all.
    pub(crate) async fn capture(&self, hold: &Purchase, amount: Option<&str>) -> Ended {
        self.end(hold, EndHold::Capture(amount.map(usd))).await
    }

    pub(crate) async fn refund(&self, purchase: &Purchase, amount: Option<&str>) -> Refunded {
        let (world, ctx, by, amount) = (&self.world, self.world.ctx(), &self.by, amount.map(usd));
        let id = PurchaseRef::Purchase(purchase.id.clone());
        run!(world, tx, ctx, by, id => spend::refund(tx, &ctx, &by, &id, amount, Some("duplicate".into())).await)
    }

    pub(crate) async fn update(&self, wallet: &WalletId, change: impl FnOnce(&mut UpdateWallet)) -> Updated {
        let mut update = UpdateWallet { reason: "as asked".into(), ..UpdateWallet::default() };
        change(&mut update);
        let (world, ctx, by) = (&self.world, self.world.ctx(), &self.by);
        run!(world, tx, ctx, by, wallet, update => spend::update_wallet(tx, &ctx, &by, &wallet, update).await)
    }

    pub(crate) async fn budget(&self, wallet: &WalletId, budget: &str) {
        self.update(wallet, |update| update.budget = Some(usd(budget))).await;
    }

    pub(crate) async fn status(&self, wallet: &WalletId, status: WalletStatus) {
        self.update(wallet, |update| update.status = Some(status)).await;
    }

    /// Releases what is overdue; how many.
    pub(crate) async fn sweep(&self) -> usize {
        let (world, ctx) = (&self.world, self.world.ctx());
        run!(world, tx, ctx => spend::release_overdue(tx, &ctx, None, 100).await)
    }

    /// A step of adding up hours and days that are over at a time; whether there may be more to do. It is done and then
    /// undone if it is to fail.
    pub(crate) async fn add_up(&self, now: Timestamp, fails: bool) -> Stored<bool> {
        let (world, one) = (&self.world, &self.one);
        try_run!(world, tx, one => {
            let more = tx.add_up(&one, now)?;
            if fails { Err(StoreError::Broken("undone".into())) } else { Ok(more) }
        })
    }

    /// A wallet as it stands.
    pub(crate) async fn stand(&self, wallet: &WalletId) -> Wallet {
        let (world, one) = (&self.world, &self.one);
        let chain = see!(world, tx, one, wallet => tx.chain_seen(&one, &wallet).await);
        chain.into_iter().next().expect("a wallet").at(world.now())
    }

    /// What is spent and what is held of a wallet.
    pub(crate) async fn sums(&self, wallet: &WalletId) -> (String, String) {
        let account = self.stand(wallet).await.account;
        (account.spent.to_string(), account.held.to_string())
    }

    /// Expects what is spent and what is held of a wallet.
    pub(crate) async fn stands(&self, wallet: &WalletId, spent: &str, held: &str) {
        assert_eq!(self.sums(wallet).await, (usd(spent).to_string(), usd(held).to_string()), "{wallet}");
    }

    /// A purchase as it is stored.
    pub(crate) async fn found(&self, purchase: &Purchase) -> Purchase {
        let (world, one) = (&self.world, &self.one);
        let id = PurchaseRef::Purchase(purchase.id.clone());
        see!(world, tx, one, id => tx.purchase(&one, &id).await).expect("a purchase")
    }

    /// What was told of spending, oldest first, each seen to be as the catalog describes it.
    pub(crate) async fn all_told(&self) -> Vec<(String, String)> {
        let families = ["wallet", "purchase", "budget", "spend"].map(String::from).to_vec();
        let (world, one, filter) = (&self.world, &self.one, EventFilter { families, ..EventFilter::default() });
        let (found, _) = see!(world, tx, one, filter => tx.events_after(&one, &filter, 0, 100_000).await);
        let told = |stored: bellwire_domain::event::StoredEvent| {
            let (kind, raw) = (stored.event.kind.as_str().to_owned(), stored.event.data.get().to_owned());
            let data: Value = serde_json::from_str(&raw).expect("JSON");
            let faults = SCHEMAS.get(kind.as_str()).expect("a type of the catalog").faults(&data, "data");
            assert!(faults.is_empty(), "{kind} {raw}: {faults:?}");
            (kind, raw)
        };
        found.into_iter().map(told).collect()
    }

    /// The data told with one type, oldest first.
    pub(crate) async fn told(&self, kind: &str) -> Vec<Value> {
        let all = self.all_told().await;
        let data = |(_, raw): (String, String)| serde_json::from_str(&raw).expect("JSON");
        all.into_iter().filter(|(of, _)| of == kind).map(data).collect()
    }

    /// How often one type was told of a wallet.
    pub(crate) async fn times(&self, kind: &str, wallet: &WalletId) -> usize {
        self.told(kind).await.iter().filter(|data| data["wallet_id"] == wallet.as_str()).count()
    }
}

/// What people would be asked with.
pub(crate) fn asking() -> Asking {
    let office = Office {
        signing_key: Arc::new(SigningKey::from_seed(&[7; 32])),
        public_url: "http://localhost:8080".into(),
        integrations: Arc::new([]),
    };
    Asking { office, request_body: "{}".into(), callback_url: None }
}
