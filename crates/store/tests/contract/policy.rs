//! Policies: kept with all their versions, judged on the way of a grant, and counting exactly.
use bellwire_domain::{
    Faults, PageQuery,
    approval::policy::{
        self, Content, CreatedPolicy, DeletedPolicy, Otherwise, Policy, Rows as _, Rules, Target, UpdatePolicy,
        UpdatedPolicy,
    },
    spend::{Cap, CreateWallet, Created, EndHold, Order, Receipt, Refusal, Rows as _, Updated},
    workspace::Principal,
};
use bellwire_wire::{Timestamp, WalletId};
use serde_json::value::RawValue;

use super::{
    World, namespace,
    till::{Till, order, principal, time, usd, word},
};

pub(crate) fn rules(json: &str) -> Rules {
    let json = RawValue::from_string(json.into()).expect("JSON");
    let mut faults = Faults::default();
    Rules::read(&json, "rules", &mut faults).unwrap_or_else(|| panic!("{faults:?}"))
}

fn content(json: &str) -> Content {
    Content {
        name: "a policy".into(),
        rules: rules(json),
        otherwise: Otherwise::Allow,
        agents: Vec::new(),
        namespaces: Vec::new(),
    }
}

impl Till {
    /// A policy of these rules, changed as wanted.
    pub(crate) async fn policy(&self, json: &str, change: impl FnOnce(&mut Content)) -> Policy {
        let mut content = content(json);
        change(&mut content);
        let (world, ctx, by) = (&self.world, self.world.ctx(), &self.by);
        match run!(world, tx, ctx, by, content => policy::create_policy(tx, &ctx, &by, None, content).await) {
            CreatedPolicy::Made(policy) => policy,
            other => panic!("it is made: {other:?}"),
        }
    }

    async fn change(&self, policy: &Policy, change: UpdatePolicy) -> UpdatedPolicy {
        let (world, ctx, by, id) = (&self.world, self.world.ctx(), &self.by, &policy.id);
        run!(world, tx, ctx, by, id, change => policy::update_policy(tx, &ctx, &by, &id, change).await)
    }

    async fn delete(&self, by: &Principal, policy: &Policy) -> DeletedPolicy {
        let (world, ctx, id) = (&self.world, self.world.ctx(), &policy.id);
        run!(world, tx, ctx, by, id => policy::delete_policy(tx, &ctx, &by, &id).await)
    }

    pub(crate) async fn attach(&self, wallet: &WalletId, policy: Option<&Policy>) -> Updated {
        self.update(wallet, |update| update.policy_id = Some(policy.map(|policy| policy.id.clone()))).await
    }

    /// What is counted on the day of `at` over something, and what purchases say.
    async fn counted(&self, target: Target, at: Timestamp) -> (String, String) {
        let counted = policy::Counted { day: true, month: false };
        let cap = Cap::of(&self.one, &target, false, counted, at).next().expect("a day");
        let world = &self.world;
        let (seen, made) = see!(world, tx, cap => Ok((tx.cap_seen(&cap).await?, tx.cap_made(&cap).await?)));
        let shown = |nanos: i128| bellwire_wire::UsdSum::from_nanos(nanos).to_string();
        (shown(seen), shown(made))
    }

    async fn counts(&self, wallet: &WalletId, expected: &str) {
        let both = self.counted(Target::Purse(wallet.to_string()), self.world.now()).await;
        assert_eq!(both, (usd(expected).to_string(), usd(expected).to_string()), "{wallet}");
    }
}

fn said(granted: &Result<Receipt, Refusal>) -> &'static str {
    word(granted).0
}

pub(crate) async fn a_policy_comes_back_as_it_went_in_and_keeps_every_version(world: World) {
    let till = Till::open(world).await;
    let json = r#"[{"max_transaction_usd":10.50,"vendors":{"allow":["a*"]}},{"when":"true","then":"deny"}]"#;
    let made = till
        .policy(json, |content| {
            content.otherwise = Otherwise::Deny;
            content.agents = vec!["scout".into()];
            content.namespaces = vec![namespace("acme")];
        })
        .await;
    let (world, one, id) = (&till.world, &till.one, &made.id);
    let found = see!(world, tx, one, id => tx.policy(&one, &id).await).expect("a policy");
    assert_eq!((&found.content, found.version), (&made.content, 1));
    assert_eq!(found.content.rules.source().get(), json);
    assert_eq!(
        (found.created_at, found.updated_at, &found.updated_by),
        (made.created_at, made.updated_at, &made.updated_by)
    );
    // Nothing other is no version.
    let same = till.change(&made, UpdatePolicy { name: Some("a policy".into()), ..UpdatePolicy::default() }).await;
    assert!(matches!(same, UpdatedPolicy::Done(policy) if policy.version == 1));
    world.pass(60);
    let change = UpdatePolicy { rules: Some(rules("[]")), agents: Some(Vec::new()), ..UpdatePolicy::default() };
    assert!(matches!(till.change(&made, change).await, UpdatedPolicy::Done(policy) if policy.version == 2));
    let page = PageQuery { before: None, limit: 1 };
    let newest = see!(world, tx, one, id => tx.policy_versions(&one, &id, page).await);
    assert_eq!((newest.items[0].version, newest.next), (2, Some(2)));
    let older = PageQuery { before: newest.next, limit: 1 };
    let older = see!(world, tx, one, id => tx.policy_versions(&one, &id, older).await);
    assert_eq!((&older.items[0].content, older.next), (&made.content, None));
    let all = see!(world, tx, one => tx.policies(&one, None, PageQuery::ONE).await);
    assert_eq!((all.items[0].version, all.items.len()), (2, 1));
    // It is deleted when nothing is attached to it, and its versions stay.
    assert_eq!(till.delete(&till.by, &made).await, DeletedPolicy::Attached("the namespace `acme`".into()));
    till.change(&made, UpdatePolicy { namespaces: Some(Vec::new()), ..UpdatePolicy::default() }).await;
    let wallet = till.wallet("10").await;
    till.attach(&wallet, Some(&made)).await;
    assert_eq!(till.delete(&till.by, &made).await, DeletedPolicy::Attached(format!("the wallet {wallet}")));
    till.attach(&wallet, None).await;
    assert_eq!(till.delete(&principal(&till.one, Some("other")), &made).await, DeletedPolicy::Unknown);
    assert_eq!(till.delete(&till.by, &made).await, DeletedPolicy::Done);
    assert_eq!(till.delete(&till.by, &made).await, DeletedPolicy::Unknown);
    let versions =
        see!(world, tx, one, id => tx.policy_versions(&one, &id, PageQuery { before: None, limit: 9 }).await);
    assert_eq!(versions.items.len(), 3);
    // Another workspace sees nothing of it.
    let two = &world.workspace("two").await;
    assert!(see!(world, tx, two, id => tx.policy_versions(&two, &id, PageQuery::ONE).await).items.is_empty());
}

pub(crate) async fn a_wallet_names_a_policy_that_its_key_sees_and_that_is_its_own(world: World) {
    let till = Till::open(world).await;
    let (world, ctx, by) = (&till.world, till.world.ctx(), &till.by);
    let (content, within) = (content("[]"), Some(namespace("acme")));
    let made = run!(world, tx, ctx, by, content, within => policy::create_policy(tx, &ctx, &by, within, content).await);
    let CreatedPolicy::Made(acmes) = made else { panic!("it is made") };
    let everybodys = till.policy("[]", |_| {}).await;
    let nobodys = till.wallet("10").await;
    assert!(matches!(till.attach(&nobodys, Some(&acmes)).await, Updated::NoPolicy), "it is acme's");
    assert!(matches!(till.attach(&nobodys, Some(&everybodys)).await, Updated::Done(_, wallet)
        if wallet.card.terms.policy_id.as_ref() == Some(&everybodys.id)));
    let bound = principal(&till.one, Some("acme"));
    let new = |policy: &Policy| {
        let mut new: CreateWallet = super::till::new_wallet("10");
        new.namespace = Some(namespace("acme"));
        new.terms.policy_id = Some(policy.id.clone());
        new
    };
    assert!(matches!(till.create(&bound, new(&everybodys)).await, Created::NoPolicy), "it may not know of it");
    let Created::Made(wallet) = till.create(&till.by, new(&everybodys)).await else { panic!("it is made") };
    // What others set, a key that does not see it does not take away.
    let by = &bound;
    let (ctx, id) = (world.ctx(), wallet.id());
    let away = bellwire_domain::spend::UpdateWallet {
        policy_id: Some(None),
        reason: "mine".into(),
        ..bellwire_domain::spend::UpdateWallet::default()
    };
    let refused =
        run!(world, tx, ctx, by, id, away => bellwire_domain::spend::update_wallet(tx, &ctx, &by, &id, away).await);
    assert!(matches!(refused, Updated::NotYourPolicy));
    assert!(matches!(till.create(&bound, new(&acmes)).await, Created::Made(_)));
}

pub(crate) async fn a_denied_request_is_told_and_kept_and_changes_nothing(world: World) {
    let till = Till::open(world).await;
    let policy = till.policy(r#"[{"vendors":{"deny":["acme"]}}]"#, |_| {}).await;
    let wallet = till.make("10", |new| new.terms.policy_id = Some(policy.id.clone())).await;
    let below = till.below(&wallet, "5").await;
    let before = till.stand(&below).await;
    let Err(Refusal::Denied(finding)) = till.buy(&below, "1").await else { panic!("it is denied") };
    assert_eq!((&finding.policy_id, finding.version, finding.rule, finding.index), (&policy.id, 1, "vendors", Some(0)));
    assert_eq!(till.stand(&below).await, before);
    let told = till.told("purchase.failed").await;
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["error_code"], &told[0]["policy_version"]), (&"policy_denied".into(), &1.into()));
    assert_eq!(told[0]["error_message"], "vendors: acme is on the deny list");
    assert_eq!(said(&till.grant(&till.by, &below, order("1", "gcp"), Some(60)).await), "granted");
    let (world, one) = (&till.world, &till.one);
    let recorded = see!(world, tx, one => tx.recorded(&one, 0, i64::MAX, 10).await);
    let kinds: Vec<_> = recorded.iter().map(|one| (one.was.as_str(), one.order.vendor.as_str())).collect();
    assert_eq!(kinds, [("denied", "acme"), ("allowed", "gcp")]);
    let next = see!(world, tx, one => tx.recorded(&one, 0, i64::MAX, 1).await);
    assert_eq!(next[0].seq, recorded[0].seq);
    // A version that says otherwise lets it through.
    till.change(&policy, UpdatePolicy { rules: Some(rules("[]")), ..UpdatePolicy::default() }).await;
    assert_eq!(said(&till.buy(&below, "1").await), "granted");
}

pub(crate) async fn a_cap_counts_over_what_its_policy_is_attached_to(world: World) {
    let till = Till::open(world).await;
    let cap = r#"[{"daily_cap_usd":10}]"#;
    let policy = till.policy(cap, |_| {}).await;
    let top = till.make("100", |new| new.terms.policy_id = Some(policy.id.clone())).await;
    let (left, right) = (till.below(&top, "100").await, till.below(&top, "100").await);
    let apart = till.wallet("100").await;
    for (wallet, amount, expected) in [
        (&left, "6", "granted"),
        (&right, "4.01", "daily_cap_usd"),
        (&right, "4", "granted"),
        (&apart, "50", "granted"),
    ] {
        assert_eq!(said(&till.buy(wallet, amount).await), expected);
    }
    till.counts(&top, "10").await;
    // An agent's is counted wherever it buys, and nobody else's is.
    till.policy(cap, |content| content.agents = vec!["scout".into()]).await;
    let of = |agent: &str, amount: &str| Order { agent_id: Some(agent.into()), ..order(amount, "acme") };
    for (agent, amount, expected) in [
        ("scout", "7", "granted"),
        ("other", "9", "granted"),
        ("scout", "3.5", "daily_cap_usd"),
        ("scout", "3", "granted"),
    ] {
        assert_eq!(said(&till.grant(&till.by, &apart, of(agent, amount), None).await), expected, "{agent} {amount}");
    }
    // A namespace's is counted over all of its wallets; play money by itself.
    till.policy(cap, |content| content.namespaces = vec![namespace("acme")]).await;
    let acmes = |sandbox| {
        move |new: &mut CreateWallet| {
            new.namespace = Some(namespace("acme"));
            new.sandbox = sandbox;
        }
    };
    let (one, two, play) = (
        till.make("100", acmes(false)).await,
        till.make("100", acmes(false)).await,
        till.make("100", acmes(true)).await,
    );
    for (wallet, amount, expected) in [
        (&one, "5", "granted"),
        (&two, "5.01", "daily_cap_usd"),
        (&play, "9", "granted"),
        (&two, "5", "granted"),
        (&play, "2", "daily_cap_usd"),
    ] {
        assert_eq!(said(&till.buy(wallet, amount).await), expected);
    }
}

pub(crate) async fn what_comes_back_is_free_again_on_its_own_day(world: World) {
    let till = Till::open(world).await;
    till.world.set(time("2027-03-10T12:00:00Z"));
    let policy = till.policy(r#"[{"daily_cap_usd":10},{"monthly_cap_usd":25}]"#, |_| {}).await;
    let wallet = till.make("1000", |new| new.terms.policy_id = Some(policy.id.clone())).await;
    let (voided, part) = (till.held(&wallet, "4", 3_600).await, till.held(&wallet, "6", 3_600).await);
    assert_eq!(said(&till.buy(&wallet, "0.01").await), "daily_cap_usd");
    till.end(&voided, EndHold::Void).await;
    till.counts(&wallet, "6").await;
    till.capture(&part, Some("2")).await;
    till.counts(&wallet, "2").await;
    let bought = till.bought(&wallet, "8").await;
    till.refund(&bought, Some("3")).await;
    till.counts(&wallet, "7").await;
    // What has expired counts for nothing, though nobody swept.
    till.held(&wallet, "3", 5).await;
    assert_eq!(said(&till.buy(&wallet, "1").await), "daily_cap_usd");
    till.world.pass(6);
    assert_eq!(said(&till.buy(&wallet, "3").await), "granted");
    till.counts(&wallet, "10").await;
    // The next day begins anew, the month goes on; a refund is of the day that it was bought on.
    till.world.set(time("2027-03-11T00:00:00Z"));
    assert_eq!(said(&till.buy(&wallet, "10").await), "granted");
    till.refund(&bought, None).await;
    till.counts(&wallet, "10").await;
    till.world.set(time("2027-03-12T00:00:00Z"));
    assert_eq!(said(&till.buy(&wallet, "10").await), "granted");
    till.world.set(time("2027-03-13T00:00:00Z"));
    assert_eq!(said(&till.buy(&wallet, "0.01").await), "monthly_cap_usd");
    till.world.set(time("2027-04-01T00:00:00Z"));
    assert_eq!(said(&till.buy(&wallet, "10").await), "granted");
}

pub(crate) async fn a_cap_that_begins_late_counts_what_was_granted_before(world: World) {
    let till = Till::open(world).await;
    let top = till.wallet("1000").await;
    let below = till.below(&top, "1000").await;
    let bought = till.bought(&below, "5").await;
    till.held(&top, "2", 3_600).await;
    till.refund(&bought, Some("1")).await;
    let policy = till.policy(r#"[{"daily_cap_usd":10}]"#, |_| {}).await;
    till.attach(&top, Some(&policy)).await;
    assert_eq!(said(&till.buy(&below, "4.01").await), "daily_cap_usd");
    assert_eq!(said(&till.buy(&below, "4").await), "granted");
    till.counts(&top, "10").await;
    // What was granted while it was not attached counts when it is again.
    till.attach(&top, None).await;
    till.bought(&below, "20").await;
    till.attach(&top, Some(&policy)).await;
    let more = UpdatePolicy { rules: Some(rules(r#"[{"daily_cap_usd":31}]"#)), ..UpdatePolicy::default() };
    till.change(&policy, more).await;
    assert_eq!(said(&till.buy(&below, "1.5").await), "daily_cap_usd");
    assert_eq!(said(&till.buy(&below, "1").await), "granted");
    till.counts(&top, "31").await;
}

pub(crate) async fn an_undone_purchase_counts_for_nothing_and_an_undone_policy_is_not_in_force(world: World) {
    let till = Till::open(world).await;
    let policy = till.policy(r#"[{"daily_cap_usd":10}]"#, |_| {}).await;
    let wallet = till.make("1000", |new| new.terms.policy_id = Some(policy.id.clone())).await;
    till.bought(&wallet, "4").await;
    let (world, ctx, by, id) = (&till.world, till.world.ctx(), &till.by, &policy.id);
    let (asking, bought) = (super::till::asking(), order("6", "acme"));
    let undone = try_run!(world, tx, ctx, by, wallet, bought, asking, id => {
        bellwire_domain::spend::grant(tx, &ctx, &by, &wallet, bought, None, &asking).await?.expect("it is granted");
        let stricter = UpdatePolicy { rules: Some(rules(r#"[{"daily_cap_usd":1}]"#)), ..UpdatePolicy::default() };
        policy::update_policy(tx, &ctx, &by, &id, stricter).await?;
        Err::<(), _>(bellwire_domain::StoreError::Broken("as planned".into()))
    });
    undone.expect_err("it is undone");
    till.counts(&wallet, "4").await;
    assert_eq!(said(&till.buy(&wallet, "6").await), "granted");
    assert_eq!(said(&till.buy(&wallet, "0.01").await), "daily_cap_usd");
}
