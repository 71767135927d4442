//! What is told of budgets: once, exactly, in the transaction that makes it true.
use bellwire_domain::spend::{CreateWallet, EndHold, WindowKind};
use bellwire_wire::WalletId;

use super::{
    World,
    till::{Till, order, time, usd, word},
};

async fn exhausted(till: &Till, wallet: &WalletId) -> (usize, u32) {
    (till.times("budget.exhausted", wallet).await, till.stand(wallet).await.account.denied_count)
}

async fn is_short(till: &Till, wallet: &WalletId, amount: &str, times: u32) {
    for _ in 0..times {
        assert_eq!(word(&till.buy(wallet, amount).await).0, "short");
    }
}

pub(crate) async fn a_runaway_loop_is_told_once_and_counted_not_alerted_per_request(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-02T12:00:00Z"));
    let wallet = till.periodic("10", WindowKind::Daily, "UTC").await;
    is_short(&till, &wallet, "11", 1).await;
    let first = &till.told("budget.exhausted").await[0];
    assert!(first["last_transaction_id"].is_null() && first["resets_at"] == "2027-05-03T00:00:00.000Z", "{first}");
    is_short(&till, &wallet, "12.5", 200).await;
    assert_eq!(exhausted(&till, &wallet).await, (1, 201));
    // A success.
    let bought = till.bought(&wallet, "4").await;
    assert_eq!(exhausted(&till, &wallet).await, (1, 0));
    is_short(&till, &wallet, "6.000000001", 3).await;
    assert_eq!(exhausted(&till, &wallet).await, (2, 3));
    let second = &till.told("budget.exhausted").await[1];
    assert_eq!(second["last_transaction_id"], bought.id.as_str());
    // What is set aside, or comes back, is no success.
    let hold = till.held(&wallet, "1", 60).await;
    is_short(&till, &wallet, "6", 2).await;
    till.end(&hold, EndHold::Void).await;
    till.refund(&bought, Some("1")).await;
    is_short(&till, &wallet, "8", 2).await;
    assert_eq!(exhausted(&till, &wallet).await, (2, 7));
    let hold = till.held(&wallet, "1", 60).await;
    till.capture(&hold, None).await;
    is_short(&till, &wallet, "8", 2).await;
    assert_eq!(exhausted(&till, &wallet).await, (3, 2));
    // A budget change, whatever else changes.
    till.update(&wallet, |update| update.name = Some("another".into())).await;
    is_short(&till, &wallet, "8", 1).await;
    assert_eq!(exhausted(&till, &wallet).await, (3, 3));
    till.budget(&wallet, "9").await;
    is_short(&till, &wallet, "8", 2).await;
    assert_eq!(exhausted(&till, &wallet).await, (4, 2));
    // A reset, and not a clock set back.
    till.world.set(time("2027-05-03T00:00:00Z"));
    is_short(&till, &wallet, "9.01", 2).await;
    till.world.set(time("2027-05-02T00:00:00Z"));
    is_short(&till, &wallet, "9.01", 2).await;
    assert_eq!(exhausted(&till, &wallet).await, (5, 4));
}

pub(crate) async fn the_wallet_that_blocks_is_told_of_whoever_asked(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("5").await;
    let (one, two) = (till.below(&root, "10").await, till.below(&root, "10").await);
    is_short(&till, &one, "6", 2).await;
    is_short(&till, &two, "6", 2).await;
    is_short(&till, &two, "11", 2).await;
    assert_eq!(exhausted(&till, &root).await, (1, 4));
    assert_eq!(exhausted(&till, &one).await, (0, 0));
    assert_eq!(exhausted(&till, &two).await, (1, 2));
    // What one buys is a success of all above it, and of nobody else.
    till.bought(&one, "1").await;
    is_short(&till, &two, "6", 1).await;
    assert_eq!((exhausted(&till, &root).await, exhausted(&till, &two).await), ((2, 1), (1, 2)));
}

fn with(thresholds: &'static [u8], parent: Option<&WalletId>) -> impl FnOnce(&mut CreateWallet) {
    let parent = parent.cloned();
    move |new| {
        new.terms.thresholds = thresholds.to_vec();
        new.terms.window.kind = WindowKind::Daily;
        new.parent_id = parent;
    }
}

/// The percents that were told of a wallet, in order, each with what was spent.
async fn percents(till: &Till, wallet: &WalletId) -> Vec<(u64, String)> {
    let told = till.told("budget.threshold").await;
    let of = told.iter().filter(|data| data["wallet_id"] == wallet.as_str());
    of.map(|data| (data["threshold_percent"].as_u64().expect("a number"), data["spent_usd"].to_string())).collect()
}

pub(crate) async fn each_threshold_is_told_once_a_period_also_when_several_are_passed_at_once(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-05-02T12:00:00Z"));
    let root = till.make("20", with(&[25, 100], None)).await;
    let wallet = till.make("10", with(&[50, 80, 95], Some(&root))).await;
    till.bought(&wallet, "4.999999999").await;
    assert_eq!(percents(&till, &wallet).await, [], "99% used is not 50%");
    let bought = till.bought(&wallet, "0.000000001").await;
    till.bought(&wallet, "0.1").await;
    assert_eq!(percents(&till, &wallet).await, [(50, "5.0".to_owned())]);
    till.bought(&wallet, "4.4").await;
    let expected = [(50, "5.0"), (80, "9.5"), (95, "9.5")].map(|(percent, spent)| (percent, spent.to_owned()));
    assert_eq!(percents(&till, &wallet).await, expected);
    assert_eq!(percents(&till, &root).await, [(25, "5.0".to_owned())]);
    // Not again for what comes back and is spent anew, nor for a budget that is raised.
    till.refund(&bought, None).await;
    let big = till.found(&bought).await;
    assert_eq!(big.refundable(), usd("0"));
    till.budget(&wallet, "20").await;
    till.bought(&wallet, "8").await;
    till.bought(&wallet, "2").await;
    assert_eq!(percents(&till, &wallet).await.len(), 3);
    assert_eq!(percents(&till, &root).await.len(), 1, "19.499999999 is less than all");
    till.bought(&wallet, "0.500000001").await;
    assert_eq!(percents(&till, &root).await.len(), 2);
    // The next day counts anew; what is held is told when it is captured.
    till.world.set(time("2027-05-03T00:00:00Z"));
    let hold = till.held(&wallet, "20", 60).await;
    assert_eq!(percents(&till, &wallet).await.len(), 3);
    till.capture(&hold, Some("16")).await;
    assert_eq!(percents(&till, &wallet).await.len(), 5);
    assert_eq!(percents(&till, &wallet).await[3..], [(50, "16.0".to_owned()), (80, "16.0".to_owned())]);
    // And a clock set back re-arms nothing.
    till.world.set(time("2027-05-02T00:00:00Z"));
    till.bought(&wallet, "1").await;
    assert_eq!(percents(&till, &wallet).await.len(), 5);
}

pub(crate) async fn thresholds_fire_for_every_order_of_small_steps(world: World) {
    let till = Till::open(world).await;
    let wallet = till.make("1", |new| new.terms.thresholds = (1..=20).map(|nth| nth * 5).collect()).await;
    for step in 1..=100_u64 {
        till.bought(&wallet, "0.01").await;
        if step % 20 == 0 {
            let told = till.times("budget.threshold", &wallet).await;
            assert_eq!(told as u64, step / 5, "after {step} %");
        }
    }
}

pub(crate) async fn what_is_told_is_exact_to_the_nano_dollar(world: World) {
    let till = Till::open(world).await;
    let wallet = till.make("1000000000", |new| new.terms.thresholds = vec![1]).await;
    let exact = "999999999.123456789";
    let mut bought = order(exact, "a \"vendor\" \u{1f514}");
    bought.category = Some("compute".into());
    bought.metadata =
        Some(serde_json::value::RawValue::from_string(r#"{"b": 1.50, "a": [1e2]}"#.into()).expect("JSON"));
    let granted = till.grant(&till.by, &wallet, bought, None).await.expect("it is granted");
    till.refund(&granted.purchase, Some("0.000000001")).await;
    is_short(&till, &wallet, "1.5", 1).await;
    let hold = till.held(&wallet, "0.000125", 60).await;
    till.capture(&hold, Some("0.00012")).await;
    let all = till.all_told().await;
    let raw = |kind: &str| &all.iter().find(|(of, _)| of == kind).expect(kind).1;
    assert!(raw("purchase.succeeded").contains(&format!(r#""amount_usd":{exact},"#)), "{}", raw("purchase.succeeded"));
    assert!(raw("purchase.succeeded").contains(r#""metadata":{"b": 1.50, "a": [1e2]}"#), "as it was given");
    assert!(raw("budget.threshold").contains(&format!(r#""spent_usd":{exact},"budget_limit_usd":1000000000.00"#)));
    assert!(raw("purchase.refunded").contains(r#""amount_usd":0.000000001,"#), "{}", raw("purchase.refunded"));
    assert!(
        raw("budget.exhausted").contains(r#""requested_usd":1.50,"resets_at":null"#),
        "{}",
        raw("budget.exhausted")
    );
    assert!(raw("purchase.held").contains(r#""amount_usd":0.000125,"#), "{}", raw("purchase.held"));
    till.stands(&wallet, "999999999.123576788", "0").await;
    let kinds: Vec<&str> = all.iter().map(|(kind, _)| kind.as_str()).collect();
    let order = [
        "wallet.created",
        "purchase.succeeded",
        "budget.threshold",
        "purchase.refunded",
        "budget.exhausted",
        "purchase.held",
        "purchase.succeeded",
    ];
    assert_eq!(kinds, order);
}
