//! Holds: set aside, and ended once.
use bellwire_domain::spend::{EndHold, Ended, PurchaseStatus, Refunded, WalletStatus};

use super::{
    World,
    till::{Till, order, usd, word},
};

/// How a hold ended, in a word.
fn ended(ended: &Ended) -> &'static str {
    match ended {
        Ended::Done(receipt) => receipt.purchase.status.as_hold(),
        Ended::Unknown => "unknown",
        Ended::Before(purchase) => match purchase.status {
            PurchaseStatus::Held => "held",
            PurchaseStatus::Succeeded => "captured before",
            PurchaseStatus::Voided => "voided before",
            PurchaseStatus::Failed => "failed before",
            PurchaseStatus::Expired => "expired before",
            other => other.as_str(),
        },
        Ended::Exceeds(_) => "exceeds",
    }
}

fn fail() -> EndHold {
    EndHold::Fail("provider_5xx".into(), "the vendor answered 503".into())
}

pub(crate) async fn a_hold_is_captured_in_part_or_whole_and_the_rest_is_released(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("20").await;
    let wallet = till.below(&root, "12").await;
    for (amount, spent) in [(Some("2.000000001"), "2.000000001"), (None, "6.000000001"), (Some("0"), "6.000000001")] {
        let hold = till.held(&wallet, "4", 60).await;
        assert_eq!(word(&till.buy(&wallet, "8.01").await).0, "short", "what is held is not there");
        assert_eq!(ended(&till.capture(&hold, amount).await), "captured");
        till.stands(&wallet, spent, "0").await;
        till.stands(&root, spent, "0").await;
        let found = till.found(&hold).await;
        assert_eq!((found.status, found.captured), (PurchaseStatus::Succeeded, usd(amount.unwrap_or("4"))));
    }
    let hold = till.held(&wallet, "1", 60).await;
    assert_eq!(ended(&till.capture(&hold, Some("1.000000001")).await), "exceeds");
    till.stands(&wallet, "6.000000001", "1").await;
    assert_eq!(ended(&till.capture(&hold, Some("1")).await), "captured");
    // Only what was paid comes back.
    let hold = till.held(&wallet, "2", 60).await;
    till.capture(&hold, Some("1.5")).await;
    assert!(matches!(till.refund(&hold, Some("1.500000001")).await, Refunded::Exceeds(_)));
    assert!(matches!(till.refund(&hold, Some("1")).await, Refunded::Done(..)));
    assert!(matches!(till.refund(&hold, Some("0.500000001")).await, Refunded::Exceeds(_)));
    assert!(matches!(till.refund(&hold, None).await, Refunded::Done(..)));
    assert!(matches!(till.refund(&hold, None).await, Refunded::Nothing(_)));
    till.stands(&wallet, "7.000000001", "0").await;
    till.stands(&root, "7.000000001", "0").await;
}

pub(crate) async fn a_hold_ends_once_and_the_first_end_wins(world: World) {
    let till = Till::open(world).await;
    let wallet = till.wallet("10").await;
    let ends = [EndHold::Capture(None), EndHold::Void, fail()];
    let first = ["captured", "voided", "failed"];
    for (end, name) in ends.iter().zip(first) {
        let hold = till.held(&wallet, "1", 60).await;
        assert_eq!(ended(&till.end(&hold, end.clone()).await), name);
        for again in &ends {
            assert_eq!(ended(&till.end(&hold, again.clone()).await), format!("{name} before"));
        }
        till.world.pass(61);
        assert_eq!((till.sweep().await, ended(&till.end(&hold, EndHold::Void).await)), (0, &*format!("{name} before")));
        till.stands(&wallet, "1", "0").await;
    }
    let failed = till.told("purchase.failed").await;
    assert_eq!((failed.len(), &failed[0]["error_code"]), (1, &"provider_5xx".into()));
    let (voided, kept) = (till.held(&wallet, "1", 60).await, till.held(&wallet, "1", 60).await);
    till.end(&voided, EndHold::Void).await;
    assert!(matches!(till.refund(&voided, None).await, Refunded::Nothing(_)), "nothing was paid");
    assert!(matches!(till.refund(&kept, None).await, Refunded::Nothing(_)));
    let failed = till.held(&wallet, "1", 60).await;
    till.end(&failed, fail()).await;
    let error = till.found(&failed).await.error;
    assert_eq!(error, Some(("provider_5xx".into(), "the vendor answered 503".into())));
    // A purchase without a hold is no hold.
    let mut bought = till.bought(&wallet, "1").await;
    bought.hold_id = kept.hold_id.map(|_| "hld_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B".parse().expect("an id"));
    assert_eq!(ended(&till.end(&bought, EndHold::Void).await), "unknown");
}

pub(crate) async fn what_has_expired_is_free_at_once_although_nobody_swept(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("10").await;
    let (one, two) = (till.below(&root, "10").await, till.below(&root, "10").await);
    let hold = till.held(&one, "8", 60).await;
    till.world.pass(59);
    assert_eq!(word(&till.buy(&two, "3").await), ("short", Some(&root)));
    till.world.pass(1);
    // A sibling in need of it gets it; so phantom budget of holds that leaked stops nobody.
    till.bought(&two, "3").await;
    till.stands(&one, "0", "0").await;
    till.stands(&root, "3", "0").await;
    assert_eq!(ended(&till.capture(&hold, None).await), "expired before");
    let told = till.told("purchase.voided").await;
    assert_eq!((told.len(), &told[0]["reason"]), (1, &"expired".into()));
}

pub(crate) async fn a_capture_after_the_end_of_a_hold_says_that_it_expired(world: World) {
    let till = Till::open(world).await;
    let wallet = till.wallet("10").await;
    let ends = [EndHold::Capture(None), EndHold::Void, fail(), EndHold::Capture(Some(usd("99")))];
    for end in ends {
        let hold = till.held(&wallet, "8", 60).await;
        till.world.pass(60);
        assert_eq!(ended(&till.end(&hold, end.clone()).await), "expired before");
        assert_eq!(ended(&till.end(&hold, end).await), "expired before");
        till.stands(&wallet, "0", "0").await;
        assert_eq!(till.found(&hold).await.status, PurchaseStatus::Expired);
    }
    let held = till.held(&wallet, "8", 60).await;
    till.world.pass(59);
    assert_eq!(till.sweep().await, 0);
    assert_eq!(ended(&till.capture(&held, None).await), "captured", "a moment before, it is one");
    assert_eq!(till.told("purchase.voided").await.len(), 4);
}

pub(crate) async fn a_sweep_releases_what_is_overdue_and_nothing_twice(world: World) {
    let till = Till::open(world).await;
    let wallet = till.wallet("10").await;
    for seconds in [10, 20, 30, 40] {
        till.held(&wallet, "1", seconds).await;
    }
    till.bought(&wallet, "1").await;
    till.world.pass(20);
    assert_eq!((till.sweep().await, till.sweep().await), (2, 0));
    till.stands(&wallet, "1", "2").await;
    till.world.pass(3_600);
    assert_eq!((till.sweep().await, till.sweep().await), (2, 0));
    till.stands(&wallet, "1", "0").await;
    assert_eq!(till.told("purchase.voided").await.len(), 4);
}

pub(crate) async fn a_freeze_stops_grants_below_it_but_no_capture_and_no_refund(world: World) {
    let till = Till::open(world).await;
    let root = till.wallet("10").await;
    let (wallet, other) = (till.below(&root, "10").await, till.wallet("10").await);
    let (one, two) = (till.held(&wallet, "2", 60).await, till.held(&wallet, "2", 60).await);
    till.status(&root, WalletStatus::Frozen).await;
    for from in [&wallet, &root] {
        assert_eq!(word(&till.buy(from, "1").await), ("frozen", Some(&root)));
        assert_eq!(word(&till.grant(&till.by, from, order("1", "acme"), Some(60)).await), ("frozen", Some(&root)));
        // Frozen before it is short: nobody is told of a budget.
        assert_eq!(word(&till.buy(from, "1000").await), ("frozen", Some(&root)));
    }
    till.bought(&other, "1").await;
    assert_eq!(ended(&till.capture(&one, None).await), "captured");
    assert!(matches!(till.refund(&one, Some("1")).await, Refunded::Done(..)));
    assert_eq!(ended(&till.end(&two, EndHold::Void).await), "voided");
    till.stands(&root, "1", "0").await;
    let card = till.stand(&root).await.card;
    assert_eq!(card.terms.status_reason.as_deref(), Some("as asked"));
    till.status(&root, WalletStatus::Active).await;
    till.bought(&wallet, "1").await;
    assert_eq!(till.stand(&root).await.card.terms.status_reason, None);
    assert_eq!((till.told("wallet.frozen").await.len(), till.told("wallet.updated").await.len()), (1, 2));
    assert_eq!(till.told("budget.exhausted").await.len(), 0);
}
