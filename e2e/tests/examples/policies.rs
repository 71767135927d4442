//! What may be bought without asking, with asking, and not at all.
use bellwire_e2e::text;
use serde_json::json;

use crate::{company::at, record::Story};

/// A policy: written, tried, changed, and met by an agent.
pub(crate) fn tell(story: &mut Story) {
    let form = json!({"name": "production", "default": "allow", "agents": ["scout"], "rules": [
        {"daily_cap_usd": 5_000, "max_transaction_usd": 2_000},
        {"vendors": {"deny": ["*.example.com"]}},
        {"require_approval_above_usd": 1_000, "approval": {"timeout": "15m", "channels": ["console"]}},
    ]});
    let policy = story.post("/v1/policies", &form).expect(201);
    story.ids.insert("{policy_id}", text(&policy["id"]));
    let wrong = json!({"name": "", "rules": [{"max_transaction_usd": -1}, {"colour": "blue"}], "default": "perhaps"});
    story.post("/v1/policies", &wrong).expect(422);
    story.get(&at("policies", &policy, ""));
    let would = json!({"amount_usd": "1250.00", "vendor": "aws", "description": "GPUs for a week", "category": "compute",
        "agent_id": "scout"});
    story.post(&at("policies", &policy, "/evaluate"), &would).expect(200);
    let stricter = json!({"since": "24h", "rules": [{"max_transaction_usd": 2}]});
    story.post(&at("policies", &policy, "/replay"), &stricter).expect(200);
    let change = json!({"agents": ["scout", "scribe"]});
    story.patch(&at("policies", &policy, ""), &change).expect(200);
    story.put(&at("policies", &policy, ""), &form).expect(200);
    story.get(&at("policies", &policy, "/versions?limit=2"));
    story.get("/v1/policies?limit=1");
    story.delete(&at("policies", &policy, "")).expect(409);
    met(story);
}

/// What an agent meets: a denial, and a question to people.
fn met(story: &mut Story) {
    let form = json!({"name": "production", "budget_usd": "5000.00", "window": "monthly", "namespace": "acme", "agent_id": "scout"});
    let wallet = story.scene.post("/v1/wallets", &form).expect(201);
    for action in ["/purchases", "/holds"] {
        let path = at("wallets", &wallet, action);
        let denied = json!({"amount_usd": "12.00", "vendor": "api.example.com", "description": "Company data"});
        story.post(&path, &denied).expect(403);
        let asks = json!({"amount_usd": "1250.00", "vendor": "aws", "description": "GPUs for a week"});
        story.post(&path, &asks).expect(202);
    }
}
