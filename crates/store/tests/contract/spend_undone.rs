//! Commands that spend and are undone, beside others in the same commit.
use bellwire_domain::{
    StoreError, Stored,
    spend::{self, Bucket, Limits, Nanos, Rows as _, SpendFilter, Split, Watch},
};
use bellwire_wire::{UsdNanos, WalletId};
use tokio::task::JoinSet;

use super::{
    World,
    till::{Till, asking, order},
    transactions::{settle_down, shut},
};

/// What becomes of a purchase after it was granted.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Good,
    Fails,
    Panics,
}

/// Buys, each for another amount, and then meets its fate; whether it stayed.
fn buy(till: &Till, wallet: &WalletId, number: i64, fate: Fate, tasks: &mut JoinSet<Stored<bool>>) {
    let (store, ctx, by, wallet) = (till.world.store.clone(), till.world.ctx(), till.by.clone(), wallet.clone());
    let mut bought = order("1", if number % 2 == 0 { "acme" } else { "aws" });
    bought.amount = UsdNanos::from_nanos(1_000_000_000 + number);
    tasks.spawn(async move {
        let bought = store.transact("buy", move |tx| {
            let (ctx, by, wallet, bought) = (ctx.clone(), by.clone(), wallet.clone(), bought.clone());
            Box::pin(async move {
                let granted = spend::grant(tx, &ctx, &by, &wallet, bought, None, &asking()).await?;
                match fate {
                    Fate::Fails => Err(StoreError::Broken("refused".into())),
                    Fate::Panics => panic!("a command that panics, as planned"),
                    Fate::Good => Ok(granted.is_ok()),
                }
            })
        });
        bought.await
    });
}

pub(crate) async fn an_undone_purchase_leaves_balances_sums_and_events_as_the_good_ones_made_them(world: World) {
    let till = Till::open(world).await;
    let limits = Limits { max_count_per_minute: Some(1_000), repeat: Watch::Off, ..Limits::default() };
    let root = till.make("1000", |new| (new.terms.limits, new.terms.thresholds) = (limits, vec![1, 2, 3, 4])).await;
    let (one, two) = (till.below(&root, "1000").await, till.below(&root, "1000").await);
    for round in 0..4_i64 {
        let mut tasks = JoinSet::new();
        let gate = shut(&till.world, &mut tasks);
        settle_down().await;
        for number in 0..40_i64 {
            let fate = match (round, number) {
                (1, 39) | (2, 0 | 7 | 39) | (3, 20) => Fate::Fails,
                (2, 20) | (3, 0) => Fate::Panics,
                _ => Fate::Good,
            };
            buy(&till, if number % 3 == 0 { &one } else { &two }, round * 100 + number, fate, &mut tasks);
        }
        settle_down().await;
        drop(gate);
        tasks.join_all().await;
    }
    let good = |round: i64, number: i64| !matches!((round, number), (1, 39) | (2, 0 | 7 | 20 | 39) | (3, 0 | 20));
    let all: Vec<(i64, i64)> = (0..4).flat_map(|round| (0..40).map(move |number| (round, number))).collect();
    let total = |takes: &dyn Fn(i64) -> bool| -> (i64, u64) {
        let kept = all.iter().filter(|(round, number)| good(*round, *number) && takes(*number));
        let amounts: Vec<i64> = kept.map(|(round, number)| 1_000_000_000 + round * 100 + number).collect();
        (amounts.iter().sum(), amounts.len() as u64)
    };
    let (ones, twos, everything) = (total(&|n| n % 3 == 0), total(&|n| n % 3 != 0), total(&|_| true));
    for (wallet, (nanos, _)) in [(&one, ones), (&two, twos), (&root, everything)] {
        let account = till.stand(wallet).await.account;
        assert_eq!((account.spent.nanos(), account.held.nanos()), (nanos, 0), "{wallet}");
    }
    let pulse = till.stand(&root).await.account.pulse;
    assert_eq!((pulse.sliding.nanos, u64::from(pulse.sliding.count)), everything, "nothing that was undone slides");
    assert_eq!(till.told("purchase.succeeded").await.len() as u64, everything.1);
    assert_eq!(till.told("budget.threshold").await.len(), 4, "each once");
    let (world, workspace) = (&till.world, &till.one);
    let (by_wallet, by_vendor, hours) = see!(world, tx, workspace => {
        let filter = SpendFilter::default();
        let by_wallet = tx.spend_by(&workspace, Split::Wallet, &filter).await?;
        let by_vendor = tx.spend_by(&workspace, Split::Vendor, &filter).await?;
        Ok((by_wallet, by_vendor, tx.spend_over_time(&workspace, Bucket::Hour, &filter).await?))
    });
    let share = |shares: &[spend::Share], name: &str| {
        let share = shares.iter().find(|share| share.name.as_deref() == Some(name)).expect("a share");
        (i64::try_from(share.nanos).expect("little"), share.count)
    };
    assert_eq!((share(&by_wallet, one.as_str()), share(&by_wallet, two.as_str())), (ones, twos));
    assert_eq!(share(&by_vendor, "aws"), total(&|n| n % 2 == 1));
    assert_eq!((hours[0].nanos, hours[0].count), (everything.0.into(), everything.1));
}

pub(crate) async fn what_an_undone_purchase_took_is_there_for_the_next_in_its_commit(world: World) {
    let till = Till::open(world).await;
    let wallet = till.wallet("3").await;
    let mut tasks = JoinSet::new();
    let gate = shut(&till.world, &mut tasks);
    settle_down().await;
    for number in 0..9 {
        let fate = if number % 2 == 0 { Fate::Fails } else { Fate::Good };
        buy(&till, &wallet, -number, fate, &mut tasks);
    }
    settle_down().await;
    drop(gate);
    let kept = tasks.join_all().await.into_iter().filter(|bought| matches!(bought, Ok(true))).count();
    // The gate, and the three that the budget is for.
    assert_eq!(kept, 4);
    assert_eq!(till.told("purchase.succeeded").await.len(), 3);
    assert_eq!(till.told("budget.exhausted").await.len(), 1);
}

pub(crate) async fn an_undone_change_of_a_wallet_is_not_seen(world: World) {
    let till = Till::open(world).await;
    let wallet = till.wallet("3").await;
    till.bought(&wallet, "1").await;
    let (world, ctx, by, one) = (&till.world, till.world.ctx(), &till.by, &till.one);
    let failed: Stored<()> = try_run!(world, tx, ctx, by, one, wallet => {
        let change = spend::UpdateWallet {
            budget: Some(UsdNanos::from_nanos(1)),
            limits: Some(Limits { max_transaction: Some(Nanos(1)), ..Limits::default() }),
            status: Some(spend::WalletStatus::Frozen),
            reason: "by mistake".into(),
            ..spend::UpdateWallet::default()
        };
        spend::update_wallet(tx, &ctx, &by, &wallet, change).await?;
        let inside = tx.chain(&one, &wallet).await?;
        assert!(inside[0].is_frozen(), "inside, it is");
        Err(StoreError::Broken("refused".into()))
    });
    assert!(failed.is_err());
    let stands = till.stand(&wallet).await;
    assert_eq!((stands.budget(), stands.is_frozen()), ("3".parse().expect("an amount"), false));
    till.bought(&wallet, "2").await;
    assert_eq!(till.told("wallet.updated").await.len(), 0);
}
