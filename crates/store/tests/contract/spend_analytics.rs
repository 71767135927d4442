//! Analytics equal a count by hand, and pages of purchases what was bought.
use std::collections::BTreeMap;

use bellwire_domain::{
    PageQuery,
    spend::{
        Bucket, EndHold, Ended, Order, Purchase, PurchaseFilter, PurchaseStatus, Refunded, Rows as _, Share,
        SpendFilter, Split,
    },
};
use bellwire_wire::{Namespace, Timestamp, UsdNanos, WalletId};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    World, namespace,
    till::{Till, new_wallet, order, usd},
};

/// Money that moved for good, as a test remembers it.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) at: Timestamp,
    pub(super) wallet: WalletId,
    pub(super) namespace: Option<Namespace>,
    pub(super) order: Order,
    pub(super) nanos: i128,
}

type Sums<K> = BTreeMap<K, (i128, u64)>;

fn passes(filter: &SpendFilter, moved: &Moved) -> bool {
    filter.since.is_none_or(|since| moved.at > since)
        && filter.until.is_none_or(|until| moved.at <= until)
        && filter.namespace.as_ref().is_none_or(|wanted| moved.namespace.as_ref() == Some(wanted))
        && filter.wallet_id.as_ref().is_none_or(|wanted| moved.wallet == *wanted)
}

fn by_hand<K: Ord>(all: &[Moved], filter: &SpendFilter, key: impl Fn(&Moved) -> K) -> Sums<K> {
    let mut sums: Sums<K> = BTreeMap::new();
    for moved in all.iter().filter(|moved| passes(filter, moved)) {
        let sum = sums.entry(key(moved)).or_default();
        *sum = (sum.0 + moved.nanos, sum.1 + u64::from(moved.nanos >= 0));
    }
    sums
}

/// What was paid and came back, as a test remembers it.
#[derive(Default)]
pub(super) struct Life {
    pub(super) all: Vec<Moved>,
    paid: Vec<(Purchase, UsdNanos)>,
}

impl Life {
    /// A purchase, capture or refund, now.
    pub(super) async fn goes_on(
        &mut self,
        till: &Till,
        wallets: &[(WalletId, Option<Namespace>)],
        random: &mut StdRng,
    ) {
        let at = till.world.now();
        if random.random_ratio(1, 5) && !self.paid.is_empty() {
            let index = random.random_range(0..self.paid.len());
            let (purchase, left) = self.paid[index].clone();
            let amount = UsdNanos::from_nanos(random.random_range(1..=left.nanos()));
            let text = amount.to_string();
            assert!(matches!(till.refund(&purchase, Some(&text)).await, Refunded::Done(..)));
            self.paid[index].1 = left.checked_sub(amount).expect("less");
            self.paid.retain(|(_, left)| *left > UsdNanos::ZERO);
            let nanos = -i128::from(amount.nanos());
            let (wallet, namespace) = (purchase.wallet_id.clone(), purchase.namespace.clone());
            self.all.push(Moved { at, wallet, namespace, order: purchase.order, nanos });
            return;
        }
        let (wallet, namespace) = wallets[random.random_range(0..wallets.len())].clone();
        let mut bought = order("1", ["acme", "openai", "aws \u{1f514}"][random.random_range(0..3)]);
        bought.amount = UsdNanos::from_nanos(random.random_range(1..3_000_000_000_000));
        bought.category = [None, Some("compute"), Some("data")][random.random_range(0..3)].map(str::to_owned);
        bought.agent_id = [None, Some("agt_1")][random.random_range(0..2)].map(str::to_owned);
        let hold = random.random_ratio(1, 3).then_some(86_400);
        let granted = till.grant(&till.by, &wallet, bought.clone(), hold).await.expect("it is granted").purchase;
        let mut paid_for = granted.order.amount;
        if hold.is_some() {
            if random.random_ratio(1, 3) {
                till.end(&granted, EndHold::Void).await;
                return;
            }
            paid_for = UsdNanos::from_nanos(random.random_range(1..=paid_for.nanos()));
            let end = till.capture(&granted, Some(&paid_for.to_string())).await;
            assert!(matches!(end, Ended::Done(_)));
        }
        self.all.push(Moved { at, wallet, namespace, order: bought, nanos: paid_for.nanos().into() });
        self.paid.push((granted, paid_for));
    }
}

/// A few days of purchases, captures and refunds, at any microsecond and some at the edges of hours.
async fn lived(till: &Till, wallets: &[(WalletId, Option<Namespace>)], random: &mut StdRng) -> Vec<Moved> {
    let mut life = Life::default();
    let start = till.world.now().micros();
    let mut now = start;
    for _ in 0..160 {
        now += random.random_range(0..4_000_000_000_i64);
        if random.random_ratio(1, 5) {
            now -= now % 3_600_000_000;
        }
        till.world.set(Timestamp::from_micros(now.max(start)));
        life.goes_on(till, wallets, random).await;
    }
    life.all
}

async fn by(till: &Till, split: Split, filter: &SpendFilter) -> Sums<Option<String>> {
    let (world, one) = (&till.world, &till.one);
    let shares = see!(world, tx, one, filter => tx.spend_by(&one, split, &filter).await);
    let count = shares.len();
    let sums: Sums<_> = shares.into_iter().map(|Share { name, nanos, count }| (name, (nanos, count))).collect();
    assert_eq!(sums.len(), count, "each name once");
    sums
}

async fn over_time(till: &Till, bucket: Bucket, filter: &SpendFilter) -> Vec<(Timestamp, (i128, u64))> {
    let (world, one) = (&till.world, &till.one);
    let points = see!(world, tx, one, filter => tx.spend_over_time(&one, bucket, &filter).await);
    points.into_iter().map(|point| (point.at, (point.nanos, point.count))).collect()
}

/// Every question that can be asked of a span is answered as a count by hand does.
pub(super) async fn adds_up(till: &Till, all: &[Moved], filter: &SpendFilter) {
    let vendor = |moved: &Moved| Some(moved.order.vendor.clone());
    assert_eq!(by(till, Split::Vendor, filter).await, by_hand(all, filter, vendor), "{filter:?}");
    let wallet = |moved: &Moved| Some(moved.wallet.as_str().to_owned());
    assert_eq!(by(till, Split::Wallet, filter).await, by_hand(all, filter, wallet), "{filter:?}");
    let agent = |moved: &Moved| moved.order.agent_id.clone();
    assert_eq!(by(till, Split::Agent, filter).await, by_hand(all, filter, agent), "{filter:?}");
    let category = |moved: &Moved| moved.order.category.clone();
    assert_eq!(by(till, Split::Category, filter).await, by_hand(all, filter, category), "{filter:?}");
    for bucket in [Bucket::Minute, Bucket::Hour, Bucket::Day] {
        let counted: Vec<_> = by_hand(all, filter, |moved| bucket.start(moved.at)).into_iter().collect();
        assert_eq!(over_time(till, bucket, filter).await, counted, "{bucket:?} {filter:?}");
    }
}

pub(crate) async fn analytics_equal_a_count_by_hand_for_any_span_and_filter(world: World) {
    let till = Till::open(world).await;
    let acme = namespace("acme");
    let root = till.wallet("100000000").await;
    let mut wallets = vec![(root.clone(), None)];
    for within in [None, Some(acme.clone()), Some(acme.clone())] {
        let change = |new: &mut bellwire_domain::spend::CreateWallet| {
            (new.parent_id, new.namespace) = (Some(root.clone()), within.clone());
        };
        wallets.push((till.make("100000000", change).await, within.clone()));
    }
    // Play money is in no sum.
    let toys = till.make("100", |new| new.sandbox = true).await;
    till.bought(&toys, "99").await;
    let mut random = StdRng::seed_from_u64(11);
    let all = lived(&till, &wallets, &mut random).await;
    assert!(all.iter().filter(|moved| moved.nanos < 0).count() > 15, "some came back");
    let (first, last) = (all[0].at.micros(), all.last().expect("some").at.micros());
    let mut spans = vec![(None, None), (Some(first), None), (None, Some(last)), (Some(last), Some(first))];
    for _ in 0..30 {
        let mut edge = || {
            let at = match random.random_range(0..3) {
                0 => all[random.random_range(0..all.len())].at.micros(),
                1 => random.random_range(first..last) / 60_000_000 * 60_000_000,
                _ => random.random_range(first..last),
            };
            random.random_ratio(5, 6).then(|| at + random.random_range(-1..=1))
        };
        spans.push((edge(), edge()));
    }
    for (nth, (since, until)) in spans.into_iter().enumerate() {
        let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
        let filter = SpendFilter {
            since: at(since),
            until: at(until),
            namespace: (nth % 3 == 1).then(|| acme.clone()),
            wallet_id: (nth % 4 == 2).then(|| wallets[nth % wallets.len()].0.clone()),
        };
        adds_up(&till, &all, &filter).await;
    }
}

pub(crate) async fn sums_are_exact_above_what_an_integer_holds(world: World) {
    let till = Till::open(world).await;
    let mut wallets = Vec::new();
    for _ in 0..20 {
        wallets.push(till.wallet("1000000000").await);
    }
    for wallet in &wallets {
        till.bought(wallet, "999999999.999999999").await;
    }
    let all = SpendFilter::default();
    let total = 20 * (1_000_000_000_000_000_000_i128 - 1);
    assert_eq!(by(&till, Split::Vendor, &all).await, Sums::from([(Some("acme".to_owned()), (total, 20))]));
    let hour = Bucket::Hour.start(till.world.now());
    assert_eq!(over_time(&till, Bucket::Hour, &all).await, [(hour, (total, 20))]);
    // Entry by entry as well.
    let now = till.world.now().micros();
    let odd = SpendFilter { since: Some(Timestamp::from_micros(now - 1)), until: Some(till.world.now()), ..all };
    assert_eq!(by(&till, Split::Vendor, &odd).await.values().next(), Some(&(total, 20)));
}

/// Whether a filter takes the purchase of this place.
type Takes = fn(usize) -> bool;

pub(crate) async fn purchases_are_paged_newest_first_and_filtered(world: World) {
    let till = Till::open(world).await;
    let acme = namespace("acme");
    let (plain, within) = (till.wallet("1000").await, {
        let mut new = new_wallet("1000");
        new.namespace = Some(acme.clone());
        till.make("1000", |made| *made = new).await
    });
    let mut all = Vec::new();
    for number in 0..30_u64 {
        let wallet = if number % 3 == 0 { &within } else { &plain };
        let mut bought = order("1", if number % 2 == 0 { "acme" } else { "aws" });
        bought.agent_id = (number % 5 == 0).then(|| "agt_5".to_owned());
        let hold = (number % 4 == 0).then_some(3_600);
        all.push(till.grant(&till.by, wallet, bought, hold).await.expect("it is granted").purchase);
        till.world.pass(10);
    }
    till.end(&all[8], EndHold::Void).await;
    till.capture(&all[12], None).await;
    let since = all[5].created_at;
    let filters: [(PurchaseFilter, Takes); 7] = [
        (PurchaseFilter::default(), |_| true),
        (PurchaseFilter { namespace: Some(acme), ..PurchaseFilter::default() }, |nth| nth % 3 == 0),
        (PurchaseFilter { wallet_id: Some(plain), ..PurchaseFilter::default() }, |nth| nth % 3 != 0),
        (PurchaseFilter { vendor: Some("aws".into()), ..PurchaseFilter::default() }, |nth| nth % 2 == 1),
        (PurchaseFilter { agent_id: Some("agt_5".into()), ..PurchaseFilter::default() }, |nth| nth % 5 == 0),
        (PurchaseFilter { holds_only: true, ..PurchaseFilter::default() }, |nth| nth % 4 == 0),
        (
            PurchaseFilter { status: Some(PurchaseStatus::Held), since: Some(since), ..PurchaseFilter::default() },
            |nth| nth % 4 == 0 && nth > 5 && nth != 8 && nth != 12,
        ),
    ];
    let (world, one) = (&till.world, &till.one);
    for (filter, takes) in filters {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = PageQuery { before, limit: 4 };
            let page = see!(world, tx, one, filter => tx.purchases(&one, &filter, page).await);
            before = page.items.last().map(|purchase| purchase.seq);
            let more = page.items.len() == 4;
            found.extend(page.items.into_iter().map(|purchase| purchase.id));
            if !more {
                break;
            }
        }
        let wanted = all.iter().enumerate().rev().filter(|(nth, _)| takes(*nth));
        assert_eq!(found, wanted.map(|(_, purchase)| purchase.id.clone()).collect::<Vec<_>>(), "{filter:?}");
    }
    let refunded = &all[1];
    for _ in 0..3 {
        till.refund(refunded, Some("0.25")).await;
    }
    let (found, given) = see!(world, tx, one, refunded => {
        let id = bellwire_domain::spend::PurchaseRef::Purchase(refunded.id.clone());
        let found = tx.purchase(&one, &id).await?.expect("a purchase");
        let given = tx.refunds(&found).await?;
        Ok((found, given))
    });
    assert_eq!((found.refunded, found.refundable()), (usd("0.75"), usd("0.25")));
    assert!(given.len() == 3 && given.is_sorted_by_key(|refund| refund.seq));
    assert!(given.iter().all(|refund| refund.amount == usd("0.25") && refund.reason.as_deref() == Some("duplicate")));
}
