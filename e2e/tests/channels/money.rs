//! Purchases approved in Slack: all of it, less of it, never more.
use bellwire_e2e::{Slack, text};
use serde_json::{Value, json};

use crate::{
    asked, changed, opened, scene,
    slack::{error, taken},
};

#[test]
fn a_purchase_is_approved_for_less_in_slack_and_never_for_more() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let rules =
        json!([{"daily_cap_usd": 5000}, {"require_approval_above_usd": 1000, "approval": {"channels": ["slack"]}}]);
    let policy = text(&scene.post("/v1/policies", &json!({"name": "p", "rules": rules})).expect(201)["id"]);
    let wallet = json!({"name": "w", "budget_usd": 9000, "policy_id": policy});
    let wallet = text(&scene.post("/v1/wallets", &wallet).expect(201)["id"]);
    let buy = |amount: u32| {
        let order = json!({"amount_usd": amount, "vendor": "AWS & <Sons>", "category": "cloud-infrastructure",
            "description": "a month of <b>staging</b>", "agent_id": "agent-7"});
        scene.post(&format!("/v1/wallets/{wallet}/purchases"), &order)
    };
    buy(900).expect(201);
    let waiting = buy(1850).expect(202);
    let (id, purchase) = (text(&waiting["approval"]["id"]), text(&waiting["purchase"]["id"]));
    let (message, ts) = asked(&slack, &id);
    let shown = message.to_string();
    for part in [
        "$1850.00",
        "AWS &amp; &lt;Sons&gt;",
        "cloud-infrastructure",
        "a month of &lt;b&gt;staging&lt;/b&gt;",
        "require_approval_above_usd: $1000.00",
        "agent-7",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let ada = slack.clicker(&scene, "U0ADA");
    taken(&ada.press(&message, 0, &ts));
    let form = opened(&slack, 0);
    assert!(form.to_string().contains("At most 1850.00"), "{form}");
    for (amount, says) in [("1850.01", "at most what is asked for, 1850.00"), ("$5", "without $"), ("-1", "negative")] {
        let words = error(&ada.submit(&form, "V1", amount, Some("fine")), "amount");
        assert!(words.contains(says), "{amount}: {words}");
    }
    taken(&ada.submit(&form, "V1", " 1200.50 ", Some("half of it will do")));
    let bought: Value = scene.get(&format!("/v1/purchases/{purchase}")).expect(200);
    assert_eq!((&bought["status"], bought["amount_usd"].as_f64()), (&json!("succeeded"), Some(1200.5)), "{bought}");
    let shown = changed(&slack, &ts).to_string();
    assert!(shown.contains("*Approved* by <@U0ADA>") && shown.contains("$1200.50 at most"), "{shown}");

    let waiting = buy(1850).expect(202);
    let (message, ts) = asked(&slack, &text(&waiting["approval"]["id"]));
    assert!(message.to_string().contains(" of $5000.00"), "{message}");
    taken(&ada.press(&message, 1, &ts));
    taken(&ada.submit(&opened(&slack, 1), "V2", "", Some("enough for today")));
    let denied = scene.get(&format!("/v1/purchases/{}", text(&waiting["purchase"]["id"]))).expect(200);
    assert_eq!(denied["status"], "denied");
    slack.check();
}
