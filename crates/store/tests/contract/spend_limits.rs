//! Limits: how fast a wallet may be spent, and what is done about loops and spikes.
use std::time::Duration;

use bellwire_domain::spend::{EndHold, Limits, Nanos, OnBreach, Repeat, Spike, WalletStatus, Watch};
use bellwire_wire::{Timestamp, WalletId};

use super::{
    World,
    till::{Till, order, usd, word},
};

fn nanos(amount: &str) -> Nanos {
    Nanos(usd(amount).nanos())
}

/// Nothing is looked for but what a test asks for.
const QUIET: Limits = Limits {
    max_transaction: None,
    max_per_minute: None,
    max_count_per_minute: None,
    repeat: Watch::Off,
    spike: Watch::Off,
    on_breach: None,
};

async fn limited(till: &Till, limits: Limits) -> WalletId {
    till.make("1000000", |new| new.terms.limits = limits).await
}

/// Moves the clock so many microseconds from where it was at the start.
fn micros(till: &Till, start: Timestamp, micros: i64) {
    till.world.set(Timestamp::from_micros(start.micros() + micros));
}

/// Rules and actions that were told of a wallet, in order.
async fn told(till: &Till, wallet: &WalletId) -> Vec<(String, String)> {
    let told = till.told("spend.spike").await;
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let of = told.iter().filter(|data| data["wallet_id"] == wallet.as_str());
    of.map(|data| (text(&data["rule"]), text(&data["action"]))).collect()
}

fn pair(rule: &str, action: &str) -> (String, String) {
    (rule.to_owned(), action.to_owned())
}

pub(crate) async fn a_purchase_above_the_maximum_is_refused_frozen_for_or_only_told(world: World) {
    let till = Till::open(world).await;
    for (on_breach, action, outcome) in [
        (None, "deny", "max_transaction_usd"),
        (Some(OnBreach::Deny), "deny", "max_transaction_usd"),
        (Some(OnBreach::Freeze), "freeze", "max_transaction_usd"),
        (Some(OnBreach::Notify), "notify", "granted"),
    ] {
        let root = limited(&till, Limits { max_transaction: Some(nanos("5")), on_breach, ..QUIET }).await;
        let wallet = till.below(&root, "100").await;
        assert_eq!(word(&till.buy(&wallet, "5").await).0, "granted");
        assert_eq!(told(&till, &root).await, []);
        let second = till.buy(&wallet, "5.000000001").await;
        assert_eq!(word(&second).0, outcome);
        assert!(second.is_ok() || word(&second).1 == Some(&root), "the one whose limit it is");
        assert_eq!(told(&till, &root).await, [pair("max_transaction_usd", action)]);
        let frozen = on_breach == Some(OnBreach::Freeze);
        assert_eq!(till.stand(&root).await.is_frozen(), frozen);
        assert_eq!(word(&till.buy(&wallet, "1").await).0, if frozen { "frozen" } else { "granted" });
        // Once in a window is enough.
        drop(till.buy(&wallet, "6").await);
        assert_eq!(told(&till, &root).await.len(), 1);
        let spent = if second.is_ok() {
            "17.000000001"
        } else if frozen {
            "5"
        } else {
            "6"
        };
        till.stands(&wallet, spent, "0").await;
    }
    assert_eq!(till.told("budget.exhausted").await.len(), 0);
    assert_eq!(till.told("wallet.frozen").await.len(), 1);
}

pub(crate) async fn a_sliding_minute_is_exact_to_the_microsecond_for_sums_and_counts(world: World) {
    let till = Till::open(world).await;
    let start = till.world.now();
    for (limits, rule) in [
        (Limits { max_per_minute: Some(nanos("10")), ..QUIET }, "max_per_minute_usd"),
        (Limits { max_count_per_minute: Some(2), ..QUIET }, "max_count_per_minute"),
    ] {
        micros(&till, start, 0);
        let root = limited(&till, limits).await;
        // The minute of a wallet is that of all below it.
        let (one, two) = (till.below(&root, "1000").await, till.below(&root, "1000").await);
        micros(&till, start, 7);
        till.bought(&one, "4").await;
        micros(&till, start, 30_000_007);
        till.held(&two, "6", 86_400).await;
        for refused in [30_000_007, 60_000_006] {
            micros(&till, start, refused);
            for wallet in [&one, &two, &root] {
                assert_eq!(word(&till.buy(wallet, "0.000000001").await), (rule, Some(&root)), "{refused}");
            }
        }
        micros(&till, start, 60_000_007);
        assert_eq!(word(&till.buy(&one, "4.000000001").await).0 == rule, rule == "max_per_minute_usd");
        if rule == "max_per_minute_usd" {
            till.bought(&one, "4").await;
        }
        micros(&till, start, 90_000_006);
        assert_eq!(word(&till.buy(&one, "0.000000001").await), (rule, Some(&root)));
        micros(&till, start, 90_000_007);
        till.bought(&one, "6").await;
        // A clock set back forgets nothing.
        micros(&till, start, 0);
        assert_eq!(word(&till.buy(&one, "0.000000001").await), (rule, Some(&root)));
        micros(&till, start, 600_000_000);
        till.bought(&one, "10").await;
    }
}

pub(crate) async fn a_limit_that_is_changed_forgets_nothing_of_the_last_minute(world: World) {
    let till = Till::open(world).await;
    let wallet = limited(&till, Limits { max_per_minute: Some(nanos("10")), ..QUIET }).await;
    till.bought(&wallet, "9").await;
    let limits = Limits { max_per_minute: Some(nanos("12")), max_count_per_minute: Some(2), ..QUIET };
    till.update(&wallet, |update| update.limits = Some(limits)).await;
    assert_eq!(word(&till.buy(&wallet, "3.01").await).0, "max_per_minute_usd");
    till.bought(&wallet, "3").await;
    till.update(&wallet, |update| update.limits = Some(Limits { max_count_per_minute: Some(2), ..QUIET })).await;
    assert_eq!(word(&till.buy(&wallet, "1").await).0, "max_count_per_minute");
    // What was not counted cannot be: it begins anew.
    till.update(&wallet, |update| update.limits = Some(QUIET)).await;
    till.bought(&wallet, "100").await;
    till.update(&wallet, |update| update.limits = Some(limits)).await;
    till.bought(&wallet, "12").await;
    assert_eq!(word(&till.buy(&wallet, "0.01").await).0, "max_per_minute_usd");
    till.world.pass(60);
    till.bought(&wallet, "12").await;
}

pub(crate) async fn what_was_refused_counts_in_no_minute(world: World) {
    let till = Till::open(world).await;
    let limits = Limits { max_per_minute: Some(nanos("10")), max_count_per_minute: Some(3), ..QUIET };
    let root = limited(&till, limits).await;
    let wallet = till.below(&root, "5").await;
    for _ in 0..10 {
        assert_eq!(word(&till.buy(&wallet, "6").await).0, "short");
        assert_eq!(word(&till.buy(&root, "11").await).0, "max_per_minute_usd");
    }
    for _ in 0..3 {
        till.bought(&wallet, "1").await;
    }
    assert_eq!(word(&till.buy(&wallet, "1").await).0, "max_count_per_minute");
}

/// The outcomes of equal purchases, a second apart.
async fn repeat(till: &Till, wallet: &WalletId, times: usize) -> Vec<&'static str> {
    let mut outcomes = Vec::new();
    for _ in 0..times {
        outcomes.push(word(&till.buy(wallet, "1").await).0);
        till.world.pass(1);
    }
    outcomes
}

pub(crate) async fn a_loop_is_told_at_its_twentieth_purchase_and_stopped_before_the_next(world: World) {
    let till = Till::open(world).await;
    let watched = |on_breach| Limits { on_breach, repeat: Watch::Default, ..QUIET };
    // Loop detection is on unless somebody says otherwise.
    let told_only = till.wallet("1000").await;
    assert_eq!(repeat(&till, &told_only, 19).await, ["granted"; 19]);
    assert_eq!(told(&till, &told_only).await, []);
    assert_eq!(repeat(&till, &told_only, 20).await, ["granted"; 20]);
    assert_eq!(told(&till, &told_only).await, [pair("repeat", "notify")], "once in its window");
    let data = &till.told("spend.spike").await[0];
    assert_eq!((&data["count"], &data["top_vendor"]), (&20.into(), &"acme".into()));
    assert_eq!((data["spent_usd"].as_f64(), &data["window_seconds"]), (Some(20.0), &60.into()));

    let frozen = limited(&till, watched(Some(OnBreach::Freeze))).await;
    assert_eq!(repeat(&till, &frozen, 20).await, ["granted"; 20]);
    assert_eq!(repeat(&till, &frozen, 2).await, ["frozen"; 2]);
    assert_eq!(told(&till, &frozen).await, [pair("repeat", "freeze")]);
    assert_eq!(till.stand(&frozen).await.card.terms.status_reason.as_deref(), Some("repeat was passed"));
    assert_eq!(till.times("wallet.frozen", &frozen).await, 1);
    // Thawed while the loop is in sight, the next of it freezes again; anything else is bought.
    till.status(&frozen, WalletStatus::Active).await;
    assert_eq!(word(&till.buy(&frozen, "1.01").await).0, "granted");
    assert_eq!(repeat(&till, &frozen, 2).await, ["granted", "frozen"]);
    assert_eq!(till.times("wallet.frozen", &frozen).await, 2);
    till.world.pass(60);
    till.status(&frozen, WalletStatus::Active).await;
    assert_eq!(repeat(&till, &frozen, 19).await, ["granted"; 19]);

    let denied = limited(&till, watched(Some(OnBreach::Deny))).await;
    assert_eq!(repeat(&till, &denied, 22).await, [["granted"; 20].as_slice(), &["repeat"; 2]].concat());
    assert_eq!(told(&till, &denied).await, [pair("repeat", "deny")]);
    till.bought(&denied, "1.01").await;
    let other = till.grant(&till.by, &denied, order("1", "other"), None).await;
    assert_eq!(word(&other).0, "granted", "of another vendor");
    // Twenty in sixty seconds: with the first of them a minute ago it is none.
    till.world.pass(37);
    assert_eq!(word(&till.buy(&denied, "1").await).0, "repeat");
    till.world.pass(1);
    assert_eq!(word(&till.buy(&denied, "1").await).0, "granted");
}

pub(crate) async fn a_loop_is_found_over_an_hour_and_with_the_clock_set_back(world: World) {
    let till = Till::open(world).await;
    let set = Watch::Set(Repeat { count: 3, within_ms: 3_600_000 });
    let wallet = limited(&till, Limits { repeat: set, on_breach: Some(OnBreach::Deny), ..QUIET }).await;
    let start = till.world.now();
    let mut other = 10;
    for (minute, outcome) in [
        (0, "granted"),
        (20, "granted"),
        (40, "granted"),
        (59, "repeat"),
        (60, "granted"),
        (61, "repeat"),
        (80, "granted"),
        (80, "repeat"),
        (-120, "repeat"),
        (100, "granted"),
        (160, "granted"),
        (161, "granted"),
        (219, "granted"),
        (219, "repeat"),
        (220, "granted"),
    ] {
        micros(&till, start, minute * 60_000_000);
        assert_eq!(word(&till.buy(&wallet, "1").await).0, outcome, "in minute {minute}");
        // What is bought between is none of it.
        other += 1;
        till.bought(&wallet, &other.to_string()).await;
    }
}

pub(crate) async fn a_loop_is_what_the_wallet_says_it_is_and_slow_repeats_are_none(world: World) {
    let till = Till::open(world).await;
    let slow = till.wallet("1000").await;
    for _ in 0..30 {
        till.bought(&slow, "1").await;
        till.world.pass(4);
    }
    let off = limited(&till, QUIET).await;
    assert_eq!(repeat(&till, &off, 40).await, ["granted"; 40]);
    assert_eq!(till.told("spend.spike").await.len(), 0);
    let set = Watch::Set(Repeat { count: 3, within_ms: 1_500 });
    let wallet = limited(&till, Limits { repeat: set, on_breach: Some(OnBreach::Deny), ..QUIET }).await;
    let start = till.world.now();
    for (at, outcome) in [
        (0, "granted"),
        (1_000_000, "granted"),
        (1_499_999, "granted"),
        (1_499_999, "repeat"),
        (1_500_000, "granted"),
        (2_499_999, "repeat"),
        (2_500_000, "granted"),
    ] {
        micros(&till, start, at);
        assert_eq!(word(&till.buy(&wallet, "1").await).0, outcome, "at {at}");
    }
    // A voided hold was a purchase that repeats all the same.
    let wallet = limited(&till, Limits { repeat: set, ..QUIET }).await;
    for _ in 0..3 {
        let hold = till.held(&wallet, "2", 60).await;
        till.end(&hold, EndHold::Void).await;
    }
    assert_eq!(told(&till, &wallet).await, [pair("repeat", "notify")]);
}

pub(crate) async fn a_spike_is_told_against_the_median_once_in_its_window(world: World) {
    let till = Till::open(world).await;
    let wallet = till.make("100000", |new| new.terms.limits.repeat = Watch::Off).await;
    // A minute each: 1 dollar is usual.
    for _ in 0..9 {
        till.bought(&wallet, "1").await;
        till.world.pass(60);
    }
    till.bought(&wallet, "9.5").await;
    till.bought(&wallet, "0.5").await;
    assert_eq!(told(&till, &wallet).await, [], "ten times the usual is not more than that");
    till.bought(&wallet, "0.000000001").await;
    assert_eq!(told(&till, &wallet).await, [pair("spike", "notify")]);
    let data = &till.told("spend.spike").await[0];
    assert_eq!((data["baseline_usd"].as_f64(), data["spent_usd"].as_f64()), (Some(1.0), Some(10.000_000_001)));
    for _ in 0..5 {
        till.bought(&wallet, "5").await;
    }
    assert_eq!(told(&till, &wallet).await.len(), 1);
    till.world.pass(60);
    till.bought(&wallet, "11").await;
    assert_eq!(told(&till, &wallet).await.len(), 2, "another minute");
    // A wallet that is new has no usual, and a floor is under it all.
    let new = till.wallet("100000").await;
    till.bought(&new, "99999").await;
    assert_eq!(told(&till, &new).await, []);
    let spike = Watch::Set(Spike { ratio: 2, floor: Nanos(3_000_000_000) });
    let asked = Limits { spike, on_breach: Some(OnBreach::Freeze), ..QUIET };
    let frozen = limited(&till, asked).await;
    for _ in 0..6 {
        till.bought(&frozen, "1").await;
        till.world.set(till.world.now().after(Duration::from_mins(2)));
    }
    till.bought(&frozen, "3").await;
    assert_eq!(told(&till, &frozen).await, []);
    till.bought(&frozen, "0.01").await;
    assert_eq!(word(&till.buy(&frozen, "0.01").await).0, "frozen");
    assert_eq!(told(&till, &frozen).await, [pair("spike", "freeze")]);
}
