//! Ways around a budget that are none, and sums that are large.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    spend::{self, Bucket, EndHold, Ended, PurchaseRef, Refunded, Rows as _, SpendFilter, Split, WindowKind},
    workspace::{Key, Principal},
};

use super::{
    World,
    till::{Till, order, principal, time, usd, word},
};

/// A key of an agent.
fn agent(till: &Till, id: &str) -> Principal {
    let owner = principal(&till.one, None);
    let key = Key { agent_id: Some(id.into()), ..(*owner.key).clone() };
    Principal { key: Arc::new(key), ..owner }
}

pub(crate) async fn an_agents_key_buys_from_its_own_wallets_and_ends_its_own_holds(world: World) {
    let till = Till::open(world).await;
    let team = till.wallet("100").await;
    let of = |id: &'static str| {
        let team = team.clone();
        till.make("5", move |new| {
            new.parent_id = Some(team);
            new.agent_id = Some(id.into());
        })
    };
    let (own, others) = (of("a").await, of("b").await);
    let nobodys = till.wallet("5").await;
    let (a, b) = (agent(&till, "a"), agent(&till, "b"));
    let mut words = Vec::new();
    for wallet in [&own, &others, &team, &nobodys] {
        words.push(word(&till.grant(&a, wallet, order("1", "acme"), None).await).0);
        words.push(word(&till.grant(&a, wallet, order("1", "acme"), Some(60)).await).0);
    }
    assert_eq!(words, ["granted", "granted", "not yours", "not yours", "not yours", "not yours", "granted", "granted"]);
    till.stands(&others, "0", "0").await;
    let hold = till.grant(&b, &others, order("4", "acme"), Some(60)).await.expect("it is granted").purchase;
    let (world, ctx, id) = (&till.world, till.world.ctx(), PurchaseRef::Purchase(hold.id.clone()));
    for (by, known) in [(a, false), (b, true)] {
        let ended = run!(world, tx, ctx, by, id => spend::end_hold(tx, &ctx, &by, &id, EndHold::Void).await);
        assert_eq!(matches!(ended, Ended::Done(_)), known, "{ended:?}");
        assert_eq!(matches!(ended, Ended::Unknown), !known);
    }
}

pub(crate) async fn a_prepaid_budget_that_is_topped_up_tells_its_thresholds_again(world: World) {
    let till = Till::open(world).await;
    let wallet = till.make("100", |new| new.terms.thresholds = vec![50, 80, 95]).await;
    till.bought(&wallet, "96").await;
    assert_eq!(till.times("budget.threshold", &wallet).await, 3);
    // 96 of 150 are 64 percent: the first is still passed, and told before.
    till.budget(&wallet, "150").await;
    till.bought(&wallet, "20").await;
    assert_eq!(till.times("budget.threshold", &wallet).await, 3);
    till.bought(&wallet, "10").await;
    let told = till.told("budget.threshold").await;
    assert_eq!(
        (told.len(), &told[3]["threshold_percent"], &told[3]["budget_limit_usd"]),
        (4, &80.into(), &150.0.into())
    );
    // A cut is no top-up.
    till.budget(&wallet, "130").await;
    till.bought(&wallet, "1").await;
    let told = till.told("budget.threshold").await;
    assert_eq!((told.len(), &told[4]["threshold_percent"]), (5, &95.into()));
}

pub(crate) async fn a_day_may_see_more_come_back_than_an_integer_of_nano_dollars_holds(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-02T12:00:00Z"));
    let wallet = till.periodic("1000000000", WindowKind::Daily, "UTC").await;
    let mut bought = Vec::new();
    for _ in 0..12 {
        bought.push(till.bought(&wallet, "1000000000").await);
        till.world.set(till.world.now().after(Duration::from_hours(24)));
    }
    let since = till.world.now();
    till.world.pass(1);
    for purchase in &bought {
        assert!(matches!(till.refund(purchase, None).await, Refunded::Done(..)));
    }
    let (world, one) = (&till.world, &till.one);
    let filter = SpendFilter { since: Some(since), ..SpendFilter::default() };
    let back = -12 * i128::from(usd("1000000000").nanos());
    let shares = see!(world, tx, one, filter => tx.spend_by(&one, Split::Vendor, &filter).await);
    assert_eq!(shares.iter().map(|share| share.nanos).collect::<Vec<_>>(), [back]);
    let all = SpendFilter::default();
    let shares = see!(world, tx, one, all => tx.spend_by(&one, Split::Vendor, &all).await);
    assert_eq!(shares.iter().map(|share| (share.nanos, share.count)).collect::<Vec<_>>(), [(0, 12)]);
    let days = see!(world, tx, one, all => tx.spend_over_time(&one, Bucket::Day, &all).await);
    assert_eq!((days.len(), days[12].nanos), (13, back));
}
