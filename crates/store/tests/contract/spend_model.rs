//! Spending, whatever happens: the rows against a model of what they should say.
//!
//! A seed that failed is printed; `BELLWIRE_SEED=n` runs it alone, `BELLWIRE_SEEDS=n` runs that many.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    PageQuery, StoreError, Stored,
    spend::{
        self, Bucket, CreateWallet, EndHold, Ended, Point, PurchaseFilter, PurchaseRef, PurchaseStatus, Refunded,
        Rows as _, Share, SpendFilter, Split, UpdateWallet, WalletFilter, WalletStatus, WindowKind,
    },
};
use bellwire_store::{BoxFuture, Fault, InlineStore, Nobody, Store, Tx};
use bellwire_wire::{Timestamp, UsdNanos, WalletId, WorkspaceId};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    START, World,
    spend_reference::{Bought, Model, Pot, Step, THRESHOLDS},
    till::{Till, asking, order, word},
};

/// How the asking goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Luck {
    Good,
    /// The command fails at its end, is undone, and is asked for again.
    Undone,
    /// It is asked for again although it was answered.
    Again,
    /// Something happens to the process or its connections.
    Crash,
}

/// What is left of a command when the process is struck.
#[allow(dead_code, reason = "each engine uses what it needs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Everything,
    #[allow(dead_code, reason = "only one engine knows")]
    Nothing,
    /// One or the other.
    Either,
}

/// A blow to the process while it runs a command.
pub(crate) struct Blow {
    pub(crate) left: Left,
    /// Whether it dies: nobody waits for an answer.
    pub(crate) dies: bool,
    /// What is done while the command runs.
    pub(crate) deed: BoxFuture<'static, ()>,
}

/// What an engine can do to a process.
pub(crate) struct Trouble {
    pub(crate) strike: Box<dyn FnMut(u32) -> Blow>,
    /// The process begins anew with what is on the disk.
    pub(crate) recover: Box<dyn FnMut(Store, Timestamp) -> BoxFuture<'static, Store>>,
}

fn nanos(amount: i64) -> UsdNanos {
    UsdNanos::from_nanos(amount)
}

/// A store for the time in which there is none.
fn nowhere() -> Store {
    let inline = InlineStore::in_memory(World::vault(), Arc::new(Nobody), Box::new(|_| Fault::None));
    Store::inline(Arc::new(inline.expect("it opens")))
}

/// One tree of wallets, played with.
struct Game {
    till: Till,
    ids: Vec<WalletId>,
    model: Model,
    random: StdRng,
}

/// Of purchases: state, paid, come back. Of wallets: period, spent, held, refusals, highest threshold.
type Picture = (Vec<(PurchaseStatus, i64, i64)>, Vec<(bool, i64, i64, u32, i64)>);

impl Game {
    async fn begin(world: World, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut till = Till::open(world).await;
        till.world.set(START);
        till.one = till.world.workspace(&format!("seed {seed}")).await;
        till.by = super::till::principal(&till.one, None);
        let mut game = Self { till, ids: Vec::new(), model: Model::default(), random: StdRng::seed_from_u64(seed + 1) };
        game.model.now = START.micros();
        for number in 0..random.random_range(2..6_usize) {
            let parent = (number > 0 && random.random_ratio(4, 5)).then(|| random.random_range(0..number));
            let (kind, digits) =
                [(WindowKind::Total, 0), (WindowKind::Daily, 10), (WindowKind::Monthly, 7)][random.random_range(0..3)];
            let budget = random.random_range(0..40);
            let change = |new: &mut CreateWallet| {
                new.parent_id = parent.map(|parent| game.ids[parent].clone());
                new.terms.budget = nanos(budget);
                new.terms.window.kind = kind;
                new.terms.thresholds =
                    THRESHOLDS.iter().map(|percent| u8::try_from(*percent).expect("small")).collect();
            };
            let id = game.till.make("0", change).await;
            game.ids.push(id);
            let period = START.to_string()[..digits].to_owned();
            game.model.pots.push(Pot { parent, budget, digits, period, ..Pot::default() });
        }
        game
    }

    fn step(&mut self) -> Step {
        let (random, count) = (&mut self.random, self.model.bought.len());
        let wallet = random.random_range(0..self.ids.len());
        let part = random.random_ratio(2, 3).then(|| random.random_range(1..10));
        match random.random_range(0..23) {
            10..15 if count > 0 => {
                let how = [PurchaseStatus::Succeeded, PurchaseStatus::Voided, PurchaseStatus::Failed];
                Step::End(random.random_range(0..count), how[random.random_range(0..9_usize).saturating_sub(6)], part)
            }
            15..17 if count > 0 => Step::Refund(random.random_range(0..count), part),
            17 => Step::Change(wallet, Some(random.random_range(0..40)), None),
            18 => Step::Change(wallet, None, Some(random.random_ratio(1, 4))),
            19 => Step::Sweep,
            20.. => Step::AddUp(random.random_range(1..12), random.random_range(0..3) * 3_000),
            _ => {
                let hold = random.random_ratio(1, 2).then(|| random.random_range(1..4_000));
                Step::Buy(wallet, random.random_range(1..14), hold)
            }
        }
    }

    /// Moves the clock: mostly a little, now and then into another day or month, or back.
    fn pass(&mut self) {
        const DAY: i64 = 86_400;
        let seconds = match self.random.random_range(0..40) {
            0 => self.random.random_range(0..40 * DAY),
            1 | 2 => self.random.random_range(0..2 * DAY),
            3 => -self.random.random_range(0..2 * DAY),
            4 => -self.random.random_range(0..4_000),
            5..25 => 0,
            _ => self.random.random_range(0..1_500),
        };
        self.model.now = (self.model.now + seconds * 1_000_000).max(1_000_000_000_000_000);
        self.till.world.set(Timestamp::from_micros(self.model.now));
    }

    /// What is read; asked again for as long as a connection that was cut is the reason.
    async fn seen<T: Send + 'static>(
        &self,
        look: impl for<'a> Fn(&'a mut Tx, WorkspaceId) -> BoxFuture<'a, Stored<T>> + Copy + Send + 'static,
    ) -> T {
        let mut tries = 0;
        loop {
            let one = self.till.one.clone();
            match self.till.world.store.read("picture", move |tx| look(tx, one.clone())).await {
                Ok(seen) => return seen,
                Err(error) => assert!(tries < 100, "it cannot be read: {error}"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the rows say.
    async fn picture(&self) -> (Picture, Vec<spend::Purchase>) {
        let page = PageQuery { before: None, limit: 10_000 };
        let (purchases, wallets) = self
            .seen(move |tx, one| {
                Box::pin(async move {
                    let purchases = tx.purchases(&one, &PurchaseFilter::default(), page).await?;
                    Ok((purchases, tx.wallets(&one, &WalletFilter::default(), page).await?))
                })
            })
            .await;
        let purchases: Vec<_> = purchases.items.into_iter().rev().collect();
        let states = purchases.iter().map(|one| (one.status, one.captured.nanos(), one.refunded.nanos())).collect();
        let pots = wallets.items.iter().rev().zip(&self.model.pots);
        let stands = |(wallet, _): (&spend::Wallet, &Pot)| {
            let account = &wallet.account;
            let frozen = wallet.is_frozen();
            (frozen, account.spent.nanos(), account.held.nanos(), account.denied_count, account.told_percent.into())
        };
        ((states, pots.map(stands).collect()), purchases)
    }

    fn wanted(model: &Model) -> Picture {
        let states = model.bought.iter().map(|one| (one.state, one.paid, one.back)).collect();
        let pots = model.pots.iter().enumerate().map(|(number, pot)| {
            let spent = model.spent(&(number, pot.period.clone()));
            (pot.frozen, spent, model.held(number), pot.denied, pot.told)
        });
        (states, pots.collect())
    }

    /// Asks for a step; in a word, what came of it.
    async fn ask(&self, step: &Step, purchases: &[spend::Purchase], fails: bool) -> Stored<String> {
        let (ctx, by, step) = (self.till.world.ctx(), self.till.by.clone(), step.clone());
        let reference = |which: usize| PurchaseRef::Purchase(purchases[which].id.clone());
        let purchase = match step {
            Step::End(which, ..) | Step::Refund(which, _) => Some(reference(which)),
            _ => None,
        };
        let ids = self.ids.clone();
        let place = |id: &WalletId, ids: &[WalletId]| ids.iter().position(|known| known == id).expect("ours");
        let asked = self.till.world.store.transact("step", move |tx| {
            let (ctx, by, step, purchase, ids) = (ctx.clone(), by.clone(), step.clone(), purchase.clone(), ids.clone());
            Box::pin(async move {
                let said = match step {
                    Step::Buy(wallet, amount, hold) => {
                        let mut bought = order("1", "acme");
                        bought.amount = nanos(amount);
                        let hold = hold.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
                        let granted = spend::grant(tx, &ctx, &by, &ids[wallet], bought, hold, &asking()).await?;
                        if let Ok(receipt) = &granted {
                            for wallet in &receipt.chain {
                                let taken = wallet.account.spent.nanos() + wallet.account.held.nanos();
                                assert!(taken <= wallet.budget().nanos(), "more than its budget: {wallet:?}");
                            }
                        }
                        match word(&granted) {
                            (said, Some(blocks)) => format!("{said} {}", place(blocks, &ids)),
                            (said, None) => said.to_owned(),
                        }
                    }
                    Step::End(_, how, amount) => {
                        let end = match how {
                            PurchaseStatus::Voided => EndHold::Void,
                            PurchaseStatus::Failed => EndHold::Fail("network".into(), "no answer".into()),
                            _ => EndHold::Capture(amount.map(nanos)),
                        };
                        match spend::end_hold(tx, &ctx, &by, &purchase.expect("named"), end).await? {
                            Ended::Done(_) => "done".into(),
                            Ended::Unknown => "unknown".into(),
                            Ended::Exceeds(_) => "exceeds".into(),
                            Ended::Before(purchase) => format!("before {}", purchase.status.as_str()),
                        }
                    }
                    Step::Refund(_, amount) => {
                        let amount = amount.map(nanos);
                        match spend::refund(tx, &ctx, &by, &purchase.expect("named"), amount, None).await? {
                            Refunded::Done(..) => "done".into(),
                            Refunded::Unknown => "unknown".into(),
                            Refunded::Nothing(_) => "nothing".into(),
                            Refunded::Exceeds(_) => "exceeds".into(),
                        }
                    }
                    Step::Change(wallet, budget, frozen) => {
                        let status =
                            frozen.map(|frozen| if frozen { WalletStatus::Frozen } else { WalletStatus::Active });
                        let budget = budget.map(nanos);
                        let change = UpdateWallet { budget, status, reason: "so".into(), ..UpdateWallet::default() };
                        spend::update_wallet(tx, &ctx, &by, &ids[wallet], change).await?;
                        "done".into()
                    }
                    Step::Sweep => {
                        spend::release_overdue(tx, &ctx, None, 10_000).await?;
                        "done".into()
                    }
                    Step::AddUp(steps, ahead) => {
                        for _ in 0..steps {
                            tx.add_up(&by.key.workspace_id, ctx.now.after(Duration::from_secs(ahead)))?;
                        }
                        "done".into()
                    }
                };
                if fails { Err(StoreError::Broken("undone".into())) } else { Ok(said) }
            })
        });
        asked.await
    }

    async fn play(&mut self, step: &Step, luck: Luck, trouble: &mut Trouble) {
        let (before, purchases) = self.picture().await;
        if luck == Luck::Undone {
            assert!(self.ask(step, &purchases, true).await.is_err());
            assert_eq!(self.picture().await.0, before, "undone");
        }
        let mut after = self.model.clone();
        let wanted = after.apply(step);
        if luck != Luck::Crash {
            assert_eq!(self.ask(step, &purchases, false).await.expect("it commits"), wanted);
            self.model = after;
            if luck == Luck::Again {
                let purchases = self.picture().await.1;
                let wanted = self.model.apply(step);
                assert_eq!(self.ask(step, &purchases, false).await.expect("it commits"), wanted);
            }
            return;
        }
        let Blow { mut left, dies, deed } = (trouble.strike)(self.random.random());
        // The blow is over before anything else is asked for.
        let answer = async { tokio::join!(deed, self.ask(step, &purchases, false)).1 };
        let answer = tokio::select! {
            biased;
            answer = answer => Some(answer),
            () = std::future::ready(()), if dies => None,
        };
        // Nobody else may have it open when it is opened anew.
        let store = std::mem::replace(&mut self.till.world.store, nowhere());
        self.till.world.store = (trouble.recover)(store, self.till.world.now()).await;
        if let Some(Ok(answer)) = answer {
            assert_eq!(answer, wanted);
            left = Left::Everything;
        }
        let found = self.picture().await.0;
        let kept = match left {
            Left::Everything => true,
            Left::Nothing => false,
            Left::Either => found == Self::wanted(&after),
        };
        if kept {
            self.model = after;
        }
    }

    /// Everything that can be seen is as the model has it.
    async fn check(&self) {
        let (found, _) = self.picture().await;
        assert_eq!(found, Self::wanted(&self.model));
        self.check_sums().await;
    }

    /// Of prepaid wallets every entry that was ever written adds up to what is spent, split or in the course of time.
    async fn check_sums(&self) {
        let all = |sums: (Vec<Share>, Vec<Point>)| {
            let shares: i128 = sums.0.iter().map(|share| share.nanos).sum();
            let points: i128 = sums.1.iter().map(|point| point.nanos).sum();
            assert_eq!(shares, points);
            sums.0
        };
        let shares = all(self
            .seen(|tx, one| {
                Box::pin(async move {
                    let all = SpendFilter::default();
                    let shares = tx.spend_by(&one, Split::Wallet, &all).await?;
                    Ok((shares, tx.spend_over_time(&one, Bucket::Hour, &all).await?))
                })
            })
            .await);
        for (number, pot) in self.model.pots.iter().enumerate().filter(|(_, pot)| pot.digits == 0) {
            let below = (0..self.ids.len()).filter(|wallet| self.model.chain(*wallet).contains(&number));
            let ids: Vec<&str> = below.map(|wallet| self.ids[wallet].as_str()).collect();
            let of = shares.iter().filter(|share| ids.contains(&share.name.as_deref().unwrap_or_default()));
            let sum: i128 = of.map(|share| share.nanos).sum();
            assert_eq!(sum, i128::from(self.model.spent(&(number, pot.period.clone()))), "{number}");
        }
    }

    /// Every event was told as often as it happened.
    async fn check_all(&self) {
        let told = self.till.all_told().await;
        let times = |kind: &str| told.iter().filter(|(of, _)| of == kind).count();
        assert_eq!((times("budget.exhausted"), times("budget.threshold")), self.model.told);
        let count = |takes: fn(&Bought) -> bool| self.model.bought.iter().filter(|one| takes(one)).count();
        assert_eq!(times("purchase.held"), count(|one| one.expires.is_some()));
        assert_eq!(times("purchase.succeeded"), count(|one| one.state == PurchaseStatus::Succeeded));
        assert_eq!(times("purchase.failed"), count(|one| one.state == PurchaseStatus::Failed));
        let released = |one: &Bought| matches!(one.state, PurchaseStatus::Voided | PurchaseStatus::Expired);
        assert_eq!(times("purchase.voided"), count(released));
    }
}

/// Plays `seeds` games of `steps` steps, or as many as the environment says.
pub(crate) async fn spending_is_as_a_model_says_whatever_happens(
    mut world: World,
    mut trouble: Trouble,
    (seeds, steps): (u64, usize),
) {
    #[expect(clippy::disallowed_methods, reason = "a test is steered from outside")]
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match (given("BELLWIRE_SEED"), given("BELLWIRE_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, count) => (1..=count.unwrap_or(seeds)).collect(),
    };
    for seed in seeds {
        println!("seed {seed}");
        let mut game = Game::begin(world, seed).await;
        for number in 0..steps {
            game.pass();
            let luck = match game.random.random_range(0..20) {
                0..2 => Luck::Undone,
                2..4 => Luck::Again,
                4 => Luck::Crash,
                _ => Luck::Good,
            };
            let step = game.step();
            println!("  {number}: {luck:?} {step:?} at {}", game.till.world.now());
            game.play(&step, luck, &mut trouble).await;
            game.check().await;
        }
        game.check_all().await;
        world = game.till.world;
    }
}
