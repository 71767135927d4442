//! Wallets and purchases: trees take from every ancestor or from none, periods follow the calendar and
//! never come back.
use bellwire_domain::{
    PageQuery,
    spend::{
        CreateWallet, Created, DEPTH_MAX, EndHold, Ended, PurchaseFilter, PurchaseRef, Refunded, Refusal, Rows as _,
        SpendFilter, Split, Updated, WalletFilter, WindowKind,
    },
};
use bellwire_wire::WalletId;

use super::{
    World, namespace,
    till::{Till, new_wallet, principal, time, usd, word},
};

pub(crate) async fn a_wallet_comes_back_as_it_went_in(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("100").await;
    let change = |new: &mut CreateWallet| {
        new.parent_id = Some(root.clone());
        new.namespace = Some(namespace("acme"));
        new.agent_id = Some("agt_7".into());
        new.terms.name = "schön \u{1f514}".into();
        new.terms.thresholds = vec![50, 80, 100];
        new.terms.window.kind = WindowKind::Monthly;
        new.terms.window.zone = "Europe/Berlin".parse().expect("a zone");
        new.terms.limits.max_count_per_minute = Some(7);
    };
    let mut asked = new_wallet("0.000000001");
    change(&mut asked);
    let id = till.make("0.000000001", change).await;
    let found = till.stand(&id).await;
    assert_eq!(found.card.terms, asked.terms);
    assert_eq!((found.card.depth, &found.card.parent_id), (2, &Some(root.clone())));
    assert_eq!((&found.card.namespace, &found.card.agent_id), (&asked.namespace, &asked.agent_id));
    assert_eq!(found.available(), usd("0.000000001"));
    assert_eq!(till.told("wallet.created").await.len(), 2);
    // What an agent's wallet buys, its agent buys.
    till.update(&id, |update| update.budget = Some(usd("5"))).await;
    assert_eq!(till.bought(&id, "1").await.order.agent_id.as_deref(), Some("agt_7"));
    let (world, one) = (&till.world, &till.one);
    let filter = WalletFilter { agent_id: Some("agt_7".into()), ..WalletFilter::default() };
    let page = PageQuery { before: None, limit: 10 };
    let listed = see!(world, tx, one, filter => tx.wallets(&one, &filter, page).await);
    assert_eq!(listed.items.iter().map(|wallet| wallet.account.spent).collect::<Vec<_>>(), [usd("1")]);
}

pub(crate) async fn a_spend_takes_from_every_ancestor_or_from_none(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("10").await;
    let team = till.below(&root, "6").await;
    let (agent, other) = (till.below(&team, "4").await, till.below(&root, "100").await);
    till.bought(&agent, "3.5").await;
    for wallet in [&root, &team, &agent] {
        till.stands(wallet, "3.5", "0").await;
    }
    till.stands(&other, "0", "0").await;
    // Who is asked first is named first: the agent, then its team, then the root.
    till.bought(&other, "5").await;
    for (wallet, amount, blocks) in [
        (&agent, "0.500000001", &agent),
        (&agent, "4", &agent),
        (&team, "2.500000001", &team),
        (&team, "1.500000001", &root),
        (&other, "1.500000001", &root),
    ] {
        let refused = till.buy(wallet, amount).await;
        assert_eq!(word(&refused), ("short", Some(blocks)), "{amount} from {wallet}");
        let Err(Refusal::Short(shortage)) = refused else { unreachable!("seen above") };
        assert_eq!((&shortage.wallet_id, shortage.requested), (wallet, usd(amount)));
    }
    for (wallet, spent) in [(&root, "8.5"), (&team, "3.5"), (&agent, "3.5"), (&other, "5")] {
        till.stands(wallet, spent, "0").await;
    }
    // To the last nano-dollar.
    till.bought(&agent, "0.5").await;
    till.bought(&other, "1").await;
    assert_eq!(word(&till.buy(&other, "0.000000001").await), ("short", Some(&root)));
    let exhausted = till.told("budget.exhausted").await;
    let last = exhausted.last().expect("told");
    assert_eq!((&last["wallet_id"], &last["requesting_wallet_id"]), (&root.as_str().into(), &other.as_str().into()));
}

pub(crate) async fn a_tree_is_at_most_eight_deep_and_of_one_namespace_and_kind_of_money(world: World) {
    let till = Till::open(world).await;
    let mut wallet = till.wallet("10").await;
    let root = wallet.clone();
    for _ in 1..DEPTH_MAX {
        wallet = till.below(&wallet, "10").await;
    }
    let mut new = new_wallet("10");
    new.parent_id = Some(wallet.clone());
    assert!(matches!(till.create(&till.by, new.clone()).await, Created::TooDeep));
    assert_eq!(till.buy(&wallet, "1").await.expect("granted").chain.len(), 8);
    till.stands(&root, "1", "0").await;
    new.parent_id = Some(WalletId::from_stored("wal_nobody"));
    assert!(matches!(till.create(&till.by, new.clone()).await, Created::NoParent));
    (new.parent_id, new.sandbox) = (Some(root.clone()), true);
    assert!(matches!(till.create(&till.by, new.clone()).await, Created::Mixed));
    let acme = till.make("10", |new| new.namespace = Some(namespace("acme"))).await;
    (new.parent_id, new.sandbox, new.namespace) = (Some(acme.clone()), false, Some(namespace("other")));
    assert!(matches!(till.create(&till.by, new).await, Created::OtherNamespace));
    let inherits = till.below(&acme, "1").await;
    assert_eq!(till.stand(&inherits).await.card.namespace, Some(namespace("acme")));
}

pub(crate) async fn foreign_workspaces_and_namespaces_see_nothing(world: World) {
    let mut till = Till::open(world).await;
    let acme = till.make("10", |new| new.namespace = Some(namespace("acme"))).await;
    let plain = till.wallet("10").await;
    let (hold, bought) = (till.held(&acme, "1", 60).await, till.bought(&acme, "1").await);
    let two = till.world.workspace("two").await;
    let owner = till.by.clone();
    for stranger in [principal(&two, None), principal(&till.one, Some("other"))] {
        till.by = stranger;
        for wallet in [&acme, &plain] {
            assert_eq!(word(&till.buy(wallet, "1").await).0, "unknown");
            // Not even that it is short, or frozen.
            assert_eq!(word(&till.buy(wallet, "1000").await).0, "unknown");
            assert!(matches!(till.update(wallet, |update| update.budget = Some(usd("1"))).await, Updated::Unknown));
        }
        let mut new = new_wallet("1");
        new.parent_id = Some(acme.clone());
        assert!(matches!(till.create(&till.by, new).await, Created::NoParent));
        assert!(matches!(till.end(&hold, EndHold::Void).await, Ended::Unknown));
        assert!(matches!(till.refund(&bought, None).await, Refunded::Unknown));
    }
    till.by = principal(&till.one, Some("acme"));
    assert_eq!(word(&till.buy(&plain, "1").await).0, "unknown");
    assert_eq!(word(&till.buy(&acme, "1").await).0, "granted");
    till.by = owner;
    till.stands(&acme, "2", "1").await;
    till.stands(&plain, "0", "0").await;
    let (world, id) = (&till.world, hold.id.clone());
    let rows = see!(world, tx, two, acme, id => {
        let purchase = tx.purchase(&two, &PurchaseRef::Purchase(id.clone())).await?;
        let chain = tx.chain_seen(&two, &acme).await?;
        let wallets = tx.wallets(&two, &WalletFilter::default(), PageQuery::ONE).await?;
        let purchases = tx.purchases(&two, &PurchaseFilter::default(), PageQuery::ONE).await?;
        let shares = tx.spend_by(&two, Split::Wallet, &SpendFilter::default()).await?;
        Ok((purchase.is_some(), chain.len(), wallets.items.len(), purchases.items.len(), shares.len()))
    });
    assert_eq!(rows, (false, 0, 0, 0, 0));
}

/// Buys at each moment, and says whether it was granted.
async fn buys(till: &Till, wallet: &WalletId, story: &[(&str, &str, &str)]) {
    for (at, amount, outcome) in story {
        till.world.set(time(at));
        assert_eq!(word(&till.buy(wallet, amount).await).0, *outcome, "{amount} at {at}");
    }
}

pub(crate) async fn a_budget_starts_anew_with_its_month_and_a_prepaid_one_never_does(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2028-01-31T23:00:00Z"));
    let prepaid = till.wallet("10").await;
    let monthly = till.periodic("10", WindowKind::Monthly, "UTC").await;
    let story = [
        ("2028-01-31T23:59:59.999999Z", "10", "granted"),
        ("2028-01-31T23:59:59.999999Z", "0.01", "short"),
        ("2028-02-01T00:00:00Z", "9", "granted"),
        ("2028-02-29T23:59:59.999999Z", "1.000000001", "short"),
        ("2028-02-29T23:59:59.999999Z", "1", "granted"),
        ("2028-03-01T00:00:00Z", "10", "granted"),
        // Nobody looked in for a year: the period is the one it is, not the next one.
        ("2029-06-15T12:00:00Z", "10", "granted"),
        ("2029-06-30T23:59:59.999999Z", "0.01", "short"),
    ];
    buys(&till, &monthly, &story).await;
    let resets = till.stand(&monthly).await.account.period_end;
    assert_eq!(resets, Some(time("2029-07-01T00:00:00Z")));
    till.world.set(time("2028-01-31T23:00:00Z"));
    till.bought(&prepaid, "10").await;
    buys(&till, &prepaid, &[("2040-01-01T00:00:00Z", "0.01", "short")]).await;
    assert_eq!(till.stand(&prepaid).await.account.period_end, None);
}

pub(crate) async fn a_day_begins_at_the_midnight_of_its_zone_also_when_clocks_are_changed(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2026-03-07T12:00:00Z"));
    let york = till.periodic("10", WindowKind::Daily, "America/New_York").await;
    let story = [
        ("2026-03-08T04:59:59.999999Z", "10", "granted"),
        // A day of 23 hours.
        ("2026-03-08T05:00:00Z", "10", "granted"),
        ("2026-03-09T03:59:59.999999Z", "0.01", "short"),
        ("2026-03-09T04:00:00Z", "10", "granted"),
        ("2026-11-01T04:00:00Z", "10", "granted"),
        // And one of 25.
        ("2026-11-02T04:59:59.999999Z", "0.01", "short"),
        ("2026-11-02T05:00:00Z", "10", "granted"),
        // The last of February in a leap year is a day as any other.
        ("2028-02-29T05:00:00Z", "10", "granted"),
        ("2028-03-01T04:59:59.999999Z", "0.01", "short"),
        ("2028-03-01T05:00:00Z", "10", "granted"),
    ];
    buys(&till, &york, &story).await;
}

pub(crate) async fn a_clock_set_back_brings_no_period_back_and_zeroes_no_fresh_spend(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-02T12:00:00Z"));
    let daily = till.periodic("10", WindowKind::Daily, "UTC").await;
    let story = [
        ("2027-05-02T13:00:00Z", "4", "granted"),
        ("2027-05-03T00:00:10Z", "7", "granted"),
        // Yesterday again: what was left of it is gone, and today's spend counts on.
        ("2027-05-02T23:59:50Z", "6", "short"),
        ("2027-05-02T23:59:50Z", "2", "granted"),
        ("2027-05-01T00:00:00Z", "1.01", "short"),
        ("2027-05-03T00:00:00Z", "1.01", "short"),
        ("2027-05-03T23:59:59Z", "1", "granted"),
        ("2027-05-04T00:00:00Z", "10", "granted"),
    ];
    buys(&till, &daily, &story).await;
    till.stands(&daily, "10", "0").await;
}

pub(crate) async fn a_clock_set_back_keeps_a_whole_tree_in_one_period(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-02T12:00:00Z"));
    let root = till.periodic("100", WindowKind::Daily, "UTC").await;
    let daily = |new: &mut CreateWallet| {
        new.parent_id = Some(root.clone());
        new.terms.window.kind = WindowKind::Daily;
    };
    let (early, late) = (till.make("10", daily).await, till.make("10", daily).await);
    till.bought(&early, "1").await;
    // Only one of the two and the root see the next day.
    till.world.set(time("2027-05-03T00:00:01Z"));
    till.bought(&late, "1").await;
    till.world.set(time("2027-05-02T23:59:59Z"));
    let bought = till.bought(&early, "6").await;
    till.stands(&root, "7", "0").await;
    // That was counted in one day by both, and so frees that day's budget only, however late it comes back.
    till.world.set(time("2027-05-03T12:00:00Z"));
    till.bought(&early, "2").await;
    till.refund(&bought, None).await;
    till.stands(&root, "3", "0").await;
    till.stands(&early, "2", "0").await;
    assert_eq!(word(&till.buy(&early, "8.01").await), ("short", Some(&early)));
    till.world.set(time("2027-05-04T12:00:00Z"));
    till.stands(&early, "0", "0").await;
}

pub(crate) async fn what_is_held_is_carried_over_into_the_next_period(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-02T23:00:00Z"));
    let daily = till.periodic("10", WindowKind::Daily, "UTC").await;
    let (one, two) = (till.held(&daily, "4", 7_200).await, till.held(&daily, "3", 7_200).await);
    till.world.set(time("2027-05-03T00:00:00Z"));
    till.stands(&daily, "0", "7").await;
    assert_eq!(word(&till.buy(&daily, "3.01").await).0, "short");
    till.capture(&one, Some("2.5")).await;
    till.stands(&daily, "2.5", "3").await;
    assert_eq!(word(&till.buy(&daily, "4.51").await).0, "short");
    till.bought(&daily, "4.5").await;
    till.end(&two, EndHold::Void).await;
    till.stands(&daily, "7", "0").await;
}

pub(crate) async fn a_refund_frees_only_the_period_it_was_spent_in(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-31T12:00:00Z"));
    let prepaid = till.wallet("100").await;
    let below = |kind| {
        let parent = prepaid.clone();
        move |new: &mut CreateWallet| (new.parent_id, new.terms.window.kind) = (Some(parent), kind)
    };
    let daily = till.make("10", below(WindowKind::Daily)).await;
    let old = till.bought(&daily, "6").await;
    let late = till.held(&daily, "1", 86_400).await;
    till.refund(&old, Some("1")).await;
    till.stands(&daily, "5", "1").await;
    till.world.set(time("2027-06-01T00:00:00Z"));
    till.bought(&daily, "2").await;
    till.refund(&old, Some("2")).await;
    till.stands(&daily, "2", "1").await;
    // All of it is one period to the prepaid one.
    till.stands(&prepaid, "5", "1").await;
    // A hold counts when it is captured.
    till.capture(&late, None).await;
    till.refund(&late, None).await;
    till.stands(&daily, "2", "0").await;
    // Not when the clock is set back into that period either.
    till.world.set(time("2027-05-31T13:00:00Z"));
    till.refund(&old, None).await;
    till.stands(&daily, "2", "0").await;
    till.stands(&prepaid, "2", "0").await;
}

pub(crate) async fn a_budget_cut_below_what_is_spent_leaves_nothing_and_breaks_nothing(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("20").await;
    let wallet = till.below(&root, "10").await;
    let bought = till.bought(&wallet, "6").await;
    let hold = till.held(&wallet, "3", 60).await;
    till.budget(&wallet, "2").await;
    assert_eq!(till.stand(&wallet).await.available(), usd("0"));
    assert_eq!(word(&till.buy(&wallet, "0.01").await), ("short", Some(&wallet)));
    // What was granted stays granted.
    till.capture(&hold, None).await;
    till.stands(&wallet, "9", "0").await;
    till.refund(&bought, None).await;
    till.stands(&wallet, "3", "0").await;
    assert_eq!(word(&till.buy(&wallet, "0.01").await), ("short", Some(&wallet)));
    till.budget(&wallet, "3.01").await;
    till.bought(&wallet, "0.01").await;
    till.stands(&root, "3.01", "0").await;
}
