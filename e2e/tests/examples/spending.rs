//! What it costs: wallets, purchases, holds, refunds, and where the money went.
use bellwire_e2e::{Answer, Call, text};
use serde_json::{Value, json};

use crate::{company::at, record::Story};

/// A wallet that is spent from until its budget is short.
pub(crate) fn tell(story: &mut Story) {
    let form = json!({"name": "research", "budget_usd": "50.00", "window": "daily", "namespace": "acme",
        "thresholds": [50, 80, 95], "limits": {"max_transaction_usd": 20, "max_count_per_minute": 120}});
    let wallet = story.post("/v1/wallets", &form).expect(201);
    story.ids.insert("{wallet_id}", text(&wallet["id"]));
    purchases(story, &wallet);
    holds(story, &wallet);
    refused(story, &wallet);
    story.get("/v1/wallets?limit=1");
    for action in ["", "/balance", "/purchases?limit=1", "/holds?limit=1"] {
        story.get(&at("wallets", &wallet, action));
    }
    story.get(&format!("/api/wallets/{}/balance", text(&wallet["id"])));
    story.get("/v1/purchases?limit=1");
    let raise = json!({"budget_usd": "80.00", "reason": "The board wants a second report"});
    story.patch(&at("wallets", &wallet, ""), &raise).expect(200);
    whither(story);
}

fn purchases(story: &mut Story, wallet: &Value) {
    let path = at("wallets", wallet, "/purchases");
    let order = json!({"amount_usd": "1.85", "vendor": "openai", "description": "Market entry: first draft",
        "category": "inference", "agent_id": "scout", "run_id": "run-42", "metadata": {"report": "market-entry"}});
    let call = Call::new("POST", &path).header("idempotency-key", "task-17");
    let api = story.scene.api.clone();
    let bought = story.send(&api, &call.clone().json(&order)).expect(201);
    story.ids.insert("{purchase_id}", text(&bought["id"]));
    let other = json!({"amount_usd": "9.99", "vendor": "openai", "description": "Another order"});
    let conflict: Answer = story.send(&api, &call.json(&other));
    conflict.expect(409);
    story.anywhere(&conflict);
    let refund = json!({"amount_usd": "0.35", "reason": "The vendor took back a part"});
    story.post(&at("purchases", &bought, "/refund"), &refund).expect(201);
    story.get(&at("purchases", &bought, ""));
    let rest = json!({"reason": "The draft was unusable"});
    story.scene.post(&at("purchases", &bought, "/refund"), &rest).expect(201);
    story.post(&at("purchases", &bought, "/refund"), &rest).expect(409);
    let again = json!({"amount_usd": "2.40", "vendor": "openai", "description": "Market entry: second draft",
        "category": "inference", "agent_id": "scout", "run_id": "run-42"});
    story.scene.post(&path, &again).expect(201);
}

fn holds(story: &mut Story, wallet: &Value) {
    let path = at("wallets", wallet, "/holds");
    let order = json!({"amount_usd": "3.00", "vendor": "aws", "description": "A GPU for an hour", "category": "compute",
        "agent_id": "scout", "expires_in": "30m"});
    let taken = story.post(&path, &order).expect(201);
    story.ids.insert("{hold_id}", text(&taken["id"]));
    story.post(&at("holds", &taken, "/capture"), &json!({"amount_usd": "2.10"})).expect(200);
    story.get(&at("holds", &taken, ""));
    story.post(&at("holds", &taken, "/capture"), &json!({})).expect(409);
    story.post(&at("holds", &taken, "/void"), &json!({})).expect(409);
    let gone = json!({"error_code": "vendor_timeout", "error_message": "The vendor did not answer within 30 s"});
    story.post(&at("holds", &taken, "/fail"), &gone).expect(409);
    let [unused, failed] = [0, 1].map(|_| story.scene.post(&path, &order).expect(201));
    story.post(&at("holds", &unused, "/void"), &json!({})).expect(200);
    story.post(&at("holds", &failed, "/fail"), &gone).expect(200);
    story.scene.post(&path, &order).expect(201);
}

/// What the wallet does not allow.
fn refused(story: &mut Story, wallet: &Value) {
    let wrong = json!({"amount_usd": "-1", "vendor": "", "colour": "blue"});
    let once = json!({"amount_usd": "25.00", "vendor": "openai", "description": "A longer report"});
    let much = json!({"amount_usd": "18.00", "vendor": "openai", "description": "A longer report"});
    let [purchases, holds] = ["/purchases", "/holds"].map(|action| at("wallets", wallet, action));
    story.post(&holds, &once).expect(403);
    for _ in 0..2 {
        story.scene.post(&purchases, &much).expect(201);
    }
    for path in [&purchases, &holds] {
        story.post(path, &wrong).expect(422);
        story.post(path, &much).expect(402);
    }
    let freeze = json!({"name": "scraping", "budget_usd": "5.00", "namespace": "acme"});
    let frozen = story.scene.post("/v1/wallets", &freeze).expect(201);
    let stop = json!({"status": "frozen", "reason": "scout asks the same search again and again"});
    story.scene.patch(&at("wallets", &frozen, ""), &stop).expect(200);
    for action in ["/purchases", "/holds"] {
        let order = json!({"amount_usd": "0.01", "vendor": "search-api", "description": "The same again"});
        story.post(&at("wallets", &frozen, action), &order).expect(423);
    }
}

/// Where the money went.
fn whither(story: &mut Story) {
    for by in ["by-vendor", "by-wallet", "by-agent", "by-category", "timeseries"] {
        let path = format!("/v1/spend/{by}?since=2h");
        story.get(&path);
        story.get_as("text/csv", &path);
    }
}
