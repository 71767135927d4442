//! Rules as tables: what is read, what is refused, and what comes of it.
use std::sync::Arc;

use bellwire_wire::{PolicyId, UsdNanos, WorkspaceId};
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::Faults;

fn usd(text: &str) -> UsdNanos {
    text.parse().expect("an amount")
}

fn read(json: &str) -> Result<Rules, Vec<(String, String)>> {
    let json = RawValue::from_string(json.to_owned()).expect("JSON");
    let mut faults = Faults::default();
    let rules = Rules::read(&json, "rules", &mut faults);
    rules.ok_or_else(|| faults.into_vec().into_iter().map(|fault| (fault.field, fault.detail)).collect())
}

fn policy(rules: &str, otherwise: Otherwise) -> Policy {
    let rules = read(rules).unwrap_or_else(|faults| panic!("{rules}: {faults:?}"));
    let content = Content { name: "p".into(), rules, otherwise, agents: Vec::new(), namespaces: Vec::new() };
    Policy {
        seq: 1,
        id: PolicyId::from_stored("pol_1"),
        workspace_id: WorkspaceId::from_stored("ws-1"),
        namespace: None,
        version: 3,
        content: Arc::new(content),
        created_at: bellwire_wire::Timestamp::EPOCH,
        updated_at: bellwire_wire::Timestamp::EPOCH,
        updated_by: "system".into(),
    }
}

fn request(amount: &str) -> Request<'static> {
    Request {
        at: "2026-11-23T12:00:00Z".parse().expect("a time"),
        amount: usd(amount),
        vendor: "AWS",
        category: None,
        description: "tokens",
        memo: None,
        rail: None,
        run_id: None,
        metadata: None,
        agent_id: Some("scout"),
        purse: Purse { id: "wal_1", name: "team", budget: usd("500"), spent: usd("400"), ..Purse::default() },
    }
}

fn totals(day: &str, month: &str) -> Totals {
    Totals { day: usd(day).nanos().into(), month: usd(month).nanos().into() }
}

/// What comes of 120 dollars for AWS at noon, with 50 spent on the day and 900 in the month.
fn comes(rules: &str) -> (Effect, &'static str) {
    let verdict = policy(rules, Otherwise::Allow).judge(&request("120"), totals("50", "900"));
    (verdict.effect(), verdict.finding().map_or("", |finding| finding.rule))
}

#[test]
fn each_rule_does_what_it_says() {
    use Effect::{Allow, Ask, Deny};
    for (rules, effect, rule) in [
        ("[]", Allow, "default"),
        (r#"[{"max_transaction_usd": 120}]"#, Allow, "default"),
        (r#"[{"max_transaction_usd": 119.999999999}]"#, Deny, "max_transaction_usd"),
        (r#"[{"daily_cap_usd": "170"}]"#, Allow, "default"),
        (r#"[{"daily_cap_usd": "169.999999999"}]"#, Deny, "daily_cap_usd"),
        (r#"[{"monthly_cap_usd": 1020}]"#, Allow, "default"),
        (r#"[{"monthly_cap_usd": 1019.99}]"#, Deny, "monthly_cap_usd"),
        (r#"[{"vendors": {"allow": ["aws"]}}]"#, Allow, "vendors"),
        (r#"[{"vendors": {"allow": ["gcp", "a*"]}}]"#, Allow, "vendors"),
        (r#"[{"vendors": {"allow": ["gcp"]}}]"#, Deny, "vendors"),
        (r#"[{"vendors": {"allow": []}}]"#, Deny, "vendors"),
        (r#"[{"vendors": {"deny": ["gcp"]}}]"#, Allow, "default"),
        (r#"[{"vendors": {"allow": ["aws"], "deny": ["*WS"]}}]"#, Deny, "vendors"),
        (r#"[{"categories": {"allow": ["inference"]}}]"#, Deny, "categories"),
        (r#"[{"categories": {"deny": ["inference"]}}]"#, Allow, "default"),
        (r#"[{"require_approval_above_usd": 120}]"#, Allow, "default"),
        (r#"[{"require_approval_above_usd": 119}]"#, Ask, "require_approval_above_usd"),
        (r#"[{"require_justification": true}]"#, Allow, "default"),
        (r#"[{"hours": {"from": "09:00", "to": "18:00"}}]"#, Allow, "default"),
        (r#"[{"hours": {"from": "18:00", "to": "09:00"}}]"#, Deny, "hours"),
        (r#"[{"hours": {"from": "13:00", "to": "14:00"}, "then": "require_approval"}]"#, Ask, "hours"),
        (r#"[{"hours": {"from": "13:00", "to": "14:00"}, "approval": {"timeout": "5m"}}]"#, Ask, "hours"),
        (r#"[{"hours": {"from": "13:00", "to": "14:00"}, "then": "deny"}]"#, Deny, "hours"),
        (r#"[{"when": "purchase.amount_usd > usd('100')", "then": "deny"}]"#, Deny, "when"),
        (r#"[{"when": "purchase.amount_usd > usd('120')", "then": "deny"}]"#, Allow, "default"),
        (r#"[{"when": "spent.day_usd + purchase.amount_usd == usd('170')", "then": "require_approval"}]"#, Ask, "when"),
        (r#"[{"when": "wallet.spent_usd * 100 / wallet.budget_usd >= 80", "then": "allow"}]"#, Allow, "when"),
        (r#"[{"when": "agent.id == 'scout' && purchase.category == ''", "then": "allow"}]"#, Allow, "when"),
        // What cannot be said denies, whatever it was to do.
        (r#"[{"when": "purchase.metadata.team == 'x'", "then": "allow"}]"#, Deny, "when"),
        (r#"[{"when": "has(purchase.metadata.team)", "then": "deny"}]"#, Allow, "default"),
        (r#"[{"when": "purchase.amount_usd * 9000000000 > usd('0')", "then": "allow"}]"#, Deny, "when"),
        (r#"[{"when": "usd(purchase.vendor) > usd('0')", "then": "allow"}]"#, Deny, "when"),
        // A no before a question, a question before a yes.
        (r#"[{"vendors": {"allow": ["aws"]}, "require_approval_above_usd": 1}]"#, Ask, "require_approval_above_usd"),
        (r#"[{"require_approval_above_usd": 1}, {"max_transaction_usd": 1}]"#, Deny, "max_transaction_usd"),
    ] {
        assert_eq!(comes(rules), (effect, rule), "{rules}");
    }
}

#[test]
fn what_no_rule_speaks_of_is_as_the_policy_says_otherwise() {
    let strict = policy(r#"[{"vendors": {"allow": ["aws"]}}, {"max_transaction_usd": 10}]"#, Otherwise::Deny);
    assert_eq!(strict.judge(&request("10"), Totals::default()).effect(), Effect::Allow);
    let strict = policy(r#"[{"max_transaction_usd": 10}]"#, Otherwise::Deny);
    let verdict = strict.judge(&request("10"), Totals::default());
    assert_eq!((verdict.effect(), verdict.finding().map(|finding| finding.rule)), (Effect::Deny, Some(DEFAULT)));
    let mut silent = request("10");
    silent.description = " \n";
    let justified = policy(r#"[{"require_justification": true}]"#, Otherwise::Allow);
    assert_eq!(justified.judge(&silent, Totals::default()).effect(), Effect::Deny);
}

#[test]
fn a_verdict_says_which_rule_and_why() {
    let policy = policy(
        r#"[{"daily_cap_usd": 5000}, {"require_approval_above_usd": 1000, "approval": {"timeout": "1h", "quorum": 2}}]"#,
        Otherwise::Allow,
    );
    let Verdict::Ask(asked) = policy.judge(&request("1850"), totals("2400", "2400")) else { panic!("it asks") };
    assert_eq!(asked.finding.detail, "1850.00 USD is more than 1000.00 USD, so a person is asked");
    assert_eq!((asked.finding.index, asked.finding.version), (Some(1), 3));
    assert_eq!(asked.finding.threshold, Some(usd("1000")));
    assert_eq!((asked.day_spent, asked.day_cap), (Some(usd("2400")), Some(usd("5000"))));
    assert_eq!((asked.terms.timeout.as_secs(), asked.terms.quorum), (3600, 2));
    let Verdict::Deny(finding) = policy.judge(&request("2600.01"), totals("2400", "2400")) else { panic!("it denies") };
    assert_eq!(finding.detail, "with these 2600.01 USD the day comes to 5000.01 USD, more than 5000.00 USD");
    let lines = policy.explain(&request("10"), Totals::default());
    let told: Vec<_> = lines.iter().map(|line| (line.rule, line.effect.as_str(), line.index)).collect();
    assert_eq!(told, [("daily_cap_usd", "none", 0), ("require_approval_above_usd", "none", 1)]);
    assert_eq!(lines[0].detail, "with these 10.00 USD the day comes to 10.00 USD, within 5000.00 USD");
}

#[test]
fn rules_that_ask_people_who_have_nobody_in_common_deny() {
    let ask = |who: &str| format!(r#"{{"require_approval_above_usd": 1, "approval": {{"approvers": ["{who}"]}}}}"#);
    let both = format!("[{}, {}]", ask("ana"), ask("ben"));
    assert_eq!(comes(&both).0, Effect::Deny);
    assert_eq!(comes(&format!("[{}, {}]", ask("ana"), ask("ana"))).0, Effect::Ask);
    let verdict = |rules: &str| policy(rules, Otherwise::Allow).judge(&request("120"), Totals::default());
    let apart = verdict(&format!("[{}]", ask("ana"))).and(verdict(&format!("[{}]", ask("ben"))));
    assert_eq!(apart.effect(), Effect::Deny);
    let together = Verdict::Allow(None).and(verdict(&format!("[{}]", ask("ana")))).and(verdict("[]"));
    assert_eq!(together.effect(), Effect::Ask);
}

#[test]
fn everything_wrong_is_named_with_its_path() {
    for (rules, field, detail) in [
        ("{}", "rules", "must be a list"),
        ("[1]", "rules[0]", "must be an object"),
        ("[{}]", "rules[0]", "must have a rule"),
        (r#"[{"max_usd": 1}]"#, "rules[0].max_usd", "is unknown"),
        (r#"[{"daily_cap_usd": 1, "daily_cap_usd": 2}]"#, "rules[0].daily_cap_usd", "is there twice"),
        (r#"[{"max_transaction_usd": -1}]"#, "rules[0].max_transaction_usd", "must not be negative"),
        (r#"[{"max_transaction_usd": 0.0000000001}]"#, "rules[0].max_transaction_usd", "at most 9 decimals"),
        (r#"[{"daily_cap_usd": null}]"#, "rules[0].daily_cap_usd", "must be a decimal number"),
        (r#"[{"vendors": []}]"#, "rules[0].vendors", "must be an object"),
        (r#"[{"vendors": {}}]"#, "rules[0].vendors", "must have"),
        (r#"[{"vendors": {"allow": "x"}}]"#, "rules[0].vendors.allow", "must be a list"),
        (r#"[{}, {"vendors": {"deny": ["a", 1]}}]"#, "rules[1].vendors.deny[1]", "must be a string"),
        (r#"[{"vendors": {"deny": [" "]}}]"#, "rules[0].vendors.deny[0]", "must be 1 to 256"),
        (r#"[{"categories": {"denied": []}}]"#, "rules[0].categories.denied", "is unknown"),
        (r#"[{"require_justification": false}]"#, "rules[0].require_justification", "must be true"),
        (r#"[{"hours": {"from": "09:00"}}]"#, "rules[0].hours.to", "is required"),
        (r#"[{"hours": {"from": "9", "to": "18:00"}}]"#, "rules[0].hours.from", "must be a time of day"),
        (r#"[{"hours": {"from": "09:00", "to": "09:00"}}]"#, "rules[0].hours.to", "must be another time"),
        (r#"[{"hours": {"from": "24:00", "to": "09:00"}}]"#, "rules[0].hours.from", "must be before"),
        (r#"[{"hours": {"from": "09:00", "to": "10:00", "tz": "Mars"}}]"#, "rules[0].hours.tz", "must be an IANA"),
        (r#"[{"hours": {"from": "09:00", "to": "10:00", "days": ["Mon"]}}]"#, "rules[0].hours.days[0]", "must be one"),
        (r#"[{"hours": {"from": "09:00", "to": "10:00", "days": []}}]"#, "rules[0].hours.days", "must have a day"),
        (r#"[{"hours": {"from": "09:00", "to": "10:00"}, "then": "allow"}]"#, "rules[0].then", "must be deny or"),
        (r#"[{"when": "true"}]"#, "rules[0].then", "is required beside"),
        (r#"[{"when": "true", "then": "ask"}]"#, "rules[0].then", "must be \"allow\""),
        (r#"[{"daily_cap_usd": 1, "then": "deny"}]"#, "rules[0].then", "goes with"),
        (r#"[{"daily_cap_usd": 1, "approval": {}}]"#, "rules[0].approval", "is only for a rule that asks"),
        (r#"[{"when": "true", "then": "deny", "approval": {}}]"#, "rules[0].approval", "is only for"),
        (r#"[{"require_approval_above_usd": 1, "approval": {"timeout": "1y"}}]"#, "rules[0].approval.timeout", "must"),
        (r#"[{"require_approval_above_usd": 1, "approval": {"quorum": 0}}]"#, "rules[0].approval.quorum", "must be 1"),
        (r#"[{"require_approval_above_usd": 1, "approval": {"quorum": 1.5}}]"#, "rules[0].approval.quorum", "whole"),
        (r#"[{"require_approval_above_usd": 1, "approval": {"who": 1}}]"#, "rules[0].approval.who", "is unknown"),
        (
            r#"[{"require_approval_above_usd": 1, "approval": {"channels": ["mail"]}}]"#,
            "rules[0].approval.channels[0]",
            "must be webhook",
        ),
        (r#"[{"when": 1, "then": "deny"}]"#, "rules[0].when", "must be a string"),
        (r#"[{"when": "purchase.amount > usd('1')", "then": "deny"}]"#, "rules[0].when", "unknown name"),
        (r#"[{"when": "event.id == 'x'", "then": "deny"}]"#, "rules[0].when", "unknown name `event`"),
        (r#"[{"when": "usd('1.x') == usd('1')", "then": "deny"}]"#, "rules[0].when", "usd(\"…\") must be a decimal"),
        (r#"[{"when": "usd('-1') == usd('1')", "then": "deny"}]"#, "rules[0].when", "must not be negative"),
        (r#"[{"when": "usd(1) == usd('1')", "then": "deny"}]"#, "rules[0].when", "is a number"),
        (r#"[{"when": "'1'.usd() == usd('1')", "then": "deny"}]"#, "rules[0].when", "unknown function"),
        (r#"[{"when": "purchase.amount_usd > 1000", "then": "deny"}]"#, "rules[0].when", "an amount goes with amounts"),
        (r#"[{"when": "purchase.amount_usd == 1000.0", "then": "deny"}]"#, "rules[0].when", "an amount goes"),
        (r#"[{"when": "double(purchase.amount_usd) > 1.0", "then": "deny"}]"#, "rules[0].when", "an amount goes"),
        (r#"[{"when": "purchase.amount_usd", "then": "deny"}]"#, "rules[0].when", "must be true or false"),
        (r#"[{"when": "danger()", "then": "deny"}]"#, "rules[0].when", "unknown function"),
        (r#"[{"when": "", "then": "deny"}]"#, "rules[0].when", "must be 1 to 2048"),
    ] {
        let faults = read(rules).expect_err(rules);
        let found = faults.iter().any(|(at, why)| at == field && why.contains(detail));
        assert!(found, "{rules}: {faults:?}");
    }
    let many = vec![r#"{"daily_cap_usd": 1, "monthly_cap_usd": 2}"#; 51].join(",");
    assert!(read(&format!("[{many}]")).is_err(), "102 rules");
    let names = vec!["\"a\""; 201].join(",");
    assert!(read(&format!(r#"[{{"vendors": {{"deny": [{names}]}}}}]"#)).is_err(), "201 names");
}

#[test]
fn rules_are_shown_as_they_were_written() {
    let rules = read("[ {\"max_transaction_usd\": 10.500, \"vendors\":{\"deny\":[\"B\", \"a\"]}} ]").expect("good");
    assert_eq!(rules.source().get(), r#"[{"max_transaction_usd":10.500,"vendors":{"deny":["B","a"]}}]"#);
    assert_eq!(rules.exact()[0]["max_transaction_usd"], "10.500");
    let counted = |rules: &str| read(rules).map(|rules| rules.counted()).map(|counted| (counted.day, counted.month));
    assert_eq!(counted(r#"[{"max_transaction_usd": 1}]"#), Ok((false, false)));
    assert_eq!(counted(r#"[{"daily_cap_usd": 1}]"#), Ok((true, false)));
    assert_eq!(counted(r#"[{"when": "spent.day_usd > usd('1')", "then": "deny"}]"#), Ok((true, true)));
    assert_eq!(counted(r#"[{"when": "wallet.spent_usd > usd('1')", "then": "deny"}]"#), Ok((false, false)));
}

/// A rule, of any kind.
fn a_rule() -> impl Strategy<Value = String> {
    let amount = 0..300_u32;
    let who = prop::sample::select(vec!["[]", r#"["ana"]"#, r#"["ana", "ben"]"#, r#"["eve"]"#]);
    prop_oneof![
        amount.clone().prop_map(|most| format!(r#"{{"max_transaction_usd": {most}}}"#)),
        amount.clone().prop_map(|cap| format!(r#"{{"daily_cap_usd": {cap}}}"#)),
        (amount, who).prop_map(|(above, who)| {
            format!(r#"{{"require_approval_above_usd": {above}, "approval": {{"approvers": {who}}}}}"#)
        }),
        prop::sample::select(vec!["aws", "gcp", "a*"])
            .prop_map(|name| format!(r#"{{"vendors": {{"allow": ["{name}"]}}}}"#)),
        prop::sample::select(vec!["true", "false", "purchase.metadata.x == 1"]).prop_flat_map(|when| {
            let then = prop::sample::select(vec!["allow", "deny", "require_approval"]);
            then.prop_map(move |then| format!(r#"{{"when": "{when}", "then": "{then}"}}"#))
        }),
    ]
}

/// How much is let through: nothing, what a person decides, or all.
fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::Deny => 0,
        Effect::Ask => 1,
        Effect::Nothing | Effect::Allow => 2,
    }
}

proptest! {
    #[test]
    fn one_more_rule_lets_no_more_through_where_the_default_is_to_allow(
        rules in prop::collection::vec(a_rule(), 0..5),
        more in a_rule(),
        amount in 1..300_u32,
    ) {
        let effect = |rules: &[String]| {
            let policy = policy(&format!("[{}]", rules.join(",")), Otherwise::Allow);
            policy.judge(&request(&amount.to_string()), totals("50", "50")).effect()
        };
        let before = effect(&rules);
        let after = effect(&[rules.as_slice(), &[more]].concat());
        prop_assert!(rank(after) <= rank(before), "{before:?} {after:?}");
    }

    #[test]
    fn where_the_default_is_to_deny_only_a_rule_that_allows_or_asks_opens_it(
        rules in prop::collection::vec(a_rule(), 0..5),
        amount in 1..300_u32,
    ) {
        let policy = policy(&format!("[{}]", rules.join(",")), Otherwise::Deny);
        let (request, totals) = (request(&amount.to_string()), totals("50", "50"));
        let effect = policy.judge(&request, totals).effect();
        let opens = policy.explain(&request, totals).iter().any(|line| matches!(line.effect, Effect::Allow | Effect::Ask));
        prop_assert!(effect == Effect::Deny || opens);
        prop_assert_eq!(policy.judge(&request, totals), policy.judge(&request, totals));
    }

    #[test]
    fn the_order_of_rules_never_changes_what_comes_of_them(
        (rules, shuffled) in prop::collection::vec(a_rule(), 0..6)
            .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        amount in 1..300_u32,
    ) {
        let effect = |rules: &[String]| {
            let policy = policy(&format!("[{}]", rules.join(",")), Otherwise::Allow);
            policy.judge(&request(&amount.to_string()), totals("50", "50")).effect()
        };
        prop_assert_eq!(effect(&rules), effect(&shuffled));
    }
}
