//! Hours and days are added up by and by; whatever is asked meanwhile is answered exactly.
use std::time::Duration;

use bellwire_domain::spend::{Limits, SpendFilter, Watch};
use bellwire_wire::{Namespace, Timestamp, WalletId};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    World, namespace,
    spend_analytics::{Life, Moved, adds_up},
    till::{Till, order},
};

const HOUR: i64 = 3_600_000_000;

/// A span between two moments, mostly at some edge.
fn span(all: &[Moved], wallets: &[(WalletId, Option<Namespace>)], random: &mut StdRng) -> SpendFilter {
    let mut edge = || {
        let at = all[random.random_range(0..all.len())].at.micros();
        let at = at - at % [1, 60_000_000, HOUR, 24 * HOUR][random.random_range(0..4)];
        random.random_ratio(4, 5).then(|| Timestamp::from_micros(at + random.random_range(-1..=1)))
    };
    let (since, until) = (edge(), edge());
    let (wallet, within) = wallets[random.random_range(0..wallets.len())].clone();
    SpendFilter {
        since,
        until,
        namespace: within.filter(|_| random.random_ratio(1, 3)),
        wallet_id: random.random_ratio(1, 4).then_some(wallet),
    }
}

/// Adds up all there is.
async fn everything(till: &Till, now: Timestamp) -> usize {
    let mut steps = 0;
    while till.add_up(now, false).await.expect("it commits") {
        steps += 1;
        assert!(steps < 10_000, "it ends");
    }
    steps
}

/// The workspaces in which there is something to add up.
async fn is_behind(till: &Till, now: Timestamp) -> bool {
    let world = &till.world;
    let behind = see!(world, tx => tx.sums_behind(now, "", 100));
    behind.contains(&till.one)
}

async fn wallets(till: &Till) -> Vec<(WalletId, Option<Namespace>)> {
    let mut wallets = Vec::new();
    for within in [None, None, Some(namespace("acme"))] {
        wallets.push((till.make("100000000", |new| new.namespace.clone_from(&within)).await, within));
    }
    wallets
}

pub(crate) async fn hours_and_days_are_added_up_at_any_moment_and_answers_stay_exact(world: World) {
    let till = Till::open(world).await;
    let wallets = wallets(&till).await;
    let mut random = StdRng::seed_from_u64(23);
    let mut life = Life::default();
    let mut now = till.world.now().micros();
    let mut steps = 0;
    for _ in 0..90 {
        now += match random.random_range(0..20) {
            0 | 1 => 40 * HOUR,
            // The clock is set back, over hours and days that are closed.
            2 => -random.random_range(0..50 * HOUR),
            3 => HOUR - now.rem_euclid(HOUR),
            4..12 => random.random_range(0..90_000_000),
            _ => random.random_range(0..HOUR),
        };
        till.world.set(Timestamp::from_micros(now));
        for _ in 0..if random.random_ratio(1, 8) { 40 } else { 2 } {
            life.goes_on(&till, &wallets, &mut random).await;
        }
        // By the clock of another node, which may be ahead.
        let by = Timestamp::from_micros(now + random.random_range(0..3 * HOUR) * i64::from(random.random_ratio(1, 2)));
        for _ in 0..random.random_range(0..9) {
            let fails = random.random_ratio(1, 4);
            let step = till.add_up(by, fails).await;
            assert_eq!(step.is_err(), fails);
            steps += usize::from(step.is_ok_and(|more| more));
            if random.random_ratio(1, 3) {
                life.goes_on(&till, &wallets, &mut random).await;
            }
        }
        adds_up(&till, &life.all, &span(&life.all, &wallets, &mut random)).await;
    }
    assert!(steps > 40, "{steps}");
    let last = life.all.iter().map(|moved| moved.at).max().expect("some");
    for days in 1..4_u64 {
        till.world.set(last.after(Duration::from_hours(24 * days)));
        for _ in 0..3 {
            life.goes_on(&till, &wallets, &mut random).await;
        }
    }
    let later = till.world.now().after(Duration::from_hours(100));
    assert!(is_behind(&till, later).await);
    assert!(everything(&till, later).await > 2);
    assert!(!is_behind(&till, later).await);
    assert_eq!(everything(&till, later).await, 0, "once");
    adds_up(&till, &life.all, &SpendFilter::default()).await;
    for _ in 0..20 {
        adds_up(&till, &life.all, &span(&life.all, &wallets, &mut random)).await;
    }
    // What came last is read as it was added up; and refunds of it go where they belong.
    for _ in 0..20 {
        life.goes_on(&till, &wallets, &mut random).await;
    }
    adds_up(&till, &life.all, &SpendFilter::default()).await;
}

/// Makes a database one of before: hours and days are written with each purchase, and nothing says how far they are.
pub(crate) const BEFORE: &str = "DELETE FROM spend_marks;
    DELETE FROM spend_sums WHERE level > 0;
    DELETE FROM spend_hours;
    INSERT INTO spend_sums (workspace_id, level, at, wallet_id, vendor, category, agent_id, namespace, dollars, nanos, count)
    SELECT workspace_id, 1, at / 3600000000 * 3600000000, wallet_id, vendor, category, agent_id, MAX(namespace),
        SUM(dollars), SUM(nanos), SUM(count) FROM spend_sums WHERE level = 0 GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO spend_sums (workspace_id, level, at, wallet_id, vendor, category, agent_id, namespace, dollars, nanos, count)
    SELECT workspace_id, 2, at / 86400000000 * 86400000000, wallet_id, vendor, category, agent_id, MAX(namespace),
        SUM(dollars), SUM(nanos), SUM(count) FROM spend_sums WHERE level = 0 GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO spend_hours (workspace_id, at, wallet_id, namespace, dollars, nanos, count)
    SELECT workspace_id, at, wallet_id, MAX(namespace), SUM(dollars), SUM(nanos), SUM(count) FROM spend_sums
        WHERE level = 1 GROUP BY 1, 2, 3;";

/// Spends for days, has the database made one of before, and goes on.
pub(crate) async fn a_database_of_before_goes_on(mut till: Till, older: impl AsyncFnOnce(World) -> World) {
    let wallets = wallets(&till).await;
    let mut random = StdRng::seed_from_u64(29);
    let mut life = Life::default();
    for _ in 0..60 {
        till.world.pass(random.random_range(0..6_000));
        life.goes_on(&till, &wallets, &mut random).await;
    }
    till.world = older(till.world).await;
    adds_up(&till, &life.all, &SpendFilter::default()).await;
    for _ in 0..40 {
        till.world.pass(random.random_range(0..1_500));
        life.goes_on(&till, &wallets, &mut random).await;
        let now = till.world.now();
        for _ in 0..random.random_range(0..4) {
            till.add_up(now, false).await.expect("it commits");
        }
        adds_up(&till, &life.all, &span(&life.all, &wallets, &mut random)).await;
    }
    let later = till.world.now().after(Duration::from_hours(48));
    assert!(everything(&till, later).await > 5);
    adds_up(&till, &life.all, &SpendFilter::default()).await;
}

pub(crate) async fn what_is_paid_while_an_hour_is_added_up_is_in_it_once(world: World) {
    let till = Till::open(world).await;
    let mut wallets = wallets(&till).await;
    let limits = Limits { repeat: Watch::Off, ..Limits::default() };
    wallets.push((till.make("100000000", |new| new.terms.limits = limits).await, None));
    let mut life = Life::default();
    let pays = async |life: &mut Life, wallet: &(WalletId, Option<Namespace>), vendor: u32| {
        let bought = order("1.000000001", &format!("vendor {vendor}"));
        till.grant(&till.by, &wallet.0, bought.clone(), None).await.expect("it is granted");
        let (wallet, namespace) = wallet.clone();
        life.all.push(Moved { at: till.world.now(), wallet, namespace, order: bought, nanos: 1_000_000_001 });
    };
    let start = till.world.now();
    // More vendors than are looked at in one step, of a wallet between others.
    for number in 0..540 {
        till.world.set(start.after(Duration::from_secs(u64::from(number % 4) * 40)));
        pays(&mut life, &wallets[2], number).await;
        if number % 9 == 0 {
            pays(&mut life, &wallets[number as usize % 2 * 3], number).await;
        }
    }
    let over = start.after(Duration::from_hours(2));
    let mut steps = 0_u32;
    while till.add_up(over, false).await.expect("it commits") {
        // Somebody's clock is behind: before what is added up already, after it, and of sums that were none.
        pays(&mut life, &wallets[steps as usize % 4], steps * 331 % 700).await;
        steps += 1;
        if steps.is_multiple_of(4) {
            adds_up(&till, &life.all, &SpendFilter::default()).await;
        }
    }
    assert!(steps > 6, "{steps}");
    adds_up(&till, &life.all, &SpendFilter::default()).await;
    // The day as well, once a day after it is paid in.
    till.world.pass(86_400);
    pays(&mut life, &wallets[0], 0).await;
    till.world.set(start.after(Duration::from_secs(30)));
    let over = start.after(Duration::from_hours(48));
    let mut steps = 0_u32;
    while till.add_up(over, false).await.expect("it commits") {
        pays(&mut life, &wallets[steps as usize % 4], steps * 271 % 700).await;
        steps += 1;
    }
    assert!(steps > 6, "{steps}");
    adds_up(&till, &life.all, &SpendFilter::default()).await;
    let until = Some(Timestamp::from_micros(start.micros() / (24 * HOUR) * 24 * HOUR + 24 * HOUR - 1));
    adds_up(&till, &life.all, &SpendFilter { until, ..SpendFilter::default() }).await;
}
