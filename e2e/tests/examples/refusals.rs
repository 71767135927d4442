//! What every operation refuses: no key, a key that may not, what is not there, what cannot be read, what is too large.
use bellwire_e2e::{Api, Call, Engine, Scene, Setup};
use serde_json::json;

use crate::record::{Operation, Story};

/// An id that nothing has.
const NOBODY: &str = "01KAJ0Q8ZV8J6N2T4R5W7X9Y1B";

/// Asks every operation for each refusal that it describes and that was not met in the story.
pub(crate) fn tell(story: &mut Story) {
    let nobody = story.scene.without_key();
    let powerless = story.scene.key(&json!({"kind": "workspace", "permissions": ["gateway:use"]}));
    let elsewhere = story.scene.key(&json!({"kind": "scoped", "namespace": "globex"}));
    let owner = story.scene.api.clone();
    named(story);
    not_set_up(story);
    for operation in story.operations.clone() {
        let real = story.ids.iter().fold(operation.path.clone(), |path, (name, id)| path.replace(name, id));
        let call = Call::new(&operation.method, &real.replace("{behaviour}", "ok").replace("{namespace}", "acme"));
        let body = |call: Call, body: &str| if operation.takes_body { call.body(body.as_bytes()) } else { call };
        let unknown = Call { path: unknown(&operation.path), ..call.clone() };
        let queried = Call { path: format!("{}?colour=blue", call.path), ..call.clone() };
        let misnamed = Call { path: format!("{}?namespace=Acme%20Inc.", call.path), ..call.clone() };
        // What is not looked at is not refused, and then it is done.
        let wrong = if operation.method == "GET" { queried } else { call.clone() };
        let wrong = if operation.takes_body || operation.method == "GET" { wrong } else { misnamed.clone() };
        let foreign = call.clone().header("x-namespace", "acme");
        let large = call.clone().header("content-length", "100000000").header("expect", "100-continue");
        // Any key may hear what changes, and then there is no end to it.
        let lacking = if operation.id == "stream_changes" { &elsewhere } else { &powerless };
        let lacks = if operation.id == "stream_changes" { foreign.clone() } else { call.clone() };
        for (status, by, call) in [
            (401, &nobody, body(call.clone(), "{}")),
            (403, lacking, body(lacks, r#"{"name": "n"}"#)),
            (403, &elsewhere, body(foreign, "{}")),
            (404, &owner, body(unknown, "{}")),
            (400, &owner, call.clone().body(br#"{"name": "#)),
            (422, &owner, body(wrong, r#"{"colour": "blue"}"#)),
            (422, &owner, body(misnamed, "{}")),
            (413, &owner, large),
        ] {
            if status != 400 || operation.takes_body {
                meet(story, &operation, status, by, &call);
            }
        }
    }
}

/// Writes an answer down if it is the one that is looked for.
fn meet(story: &mut Story, operation: &Operation, status: u16, by: &Api, call: &Call) {
    if !operation.statuses.contains(&status) || story.has(operation, status) {
        return;
    }
    let answer = by.send(call);
    if answer.status != status {
        return;
    }
    // The words are the same for all.
    if [401, 413].contains(&status) && operation.id == "create_wallet" {
        story.anywhere(&answer);
    }
    story.answered(call, &answer);
}

/// A path to what is not there, of the right form.
fn unknown(template: &str) -> String {
    let ids = [
        ("{approval_id}", "apr_"),
        ("{policy_id}", "pol_"),
        ("{wallet_id}", "wal_"),
        ("{hold_id}", "hld_"),
        ("{purchase_id}", "pur_"),
        ("{endpoint_id}", "whk_"),
        ("{event_id}", "evt_"),
        ("{delivery_id}", "dlv_"),
        ("{job_id}", "job_"),
        ("{key_id}", "key_"),
    ];
    let path =
        ids.iter().fold(template.to_owned(), |path, (name, prefix)| path.replace(name, &format!("{prefix}{NOBODY}")));
    path.replace("{name}", "nothing.known").replace("{namespace}", "Acme%20Inc.").replace("{behaviour}", "nonsense")
}

/// What is named in a query or a body, and is not there.
fn named(story: &mut Story) {
    let owner = story.scene.api.clone();
    for by in ["by-vendor", "by-wallet", "by-agent", "by-category", "timeseries"] {
        let call = Call::new("GET", &format!("/v1/spend/{by}?wallet_id=wal_{NOBODY}"));
        story.send(&owner, &call).expect(404);
    }
    story.send(&owner, &Call::new("GET", &format!("/v1/deliveries?endpoint_id=whk_{NOBODY}"))).expect(404);
    story.post("/v1/deliveries/retry", &json!({"endpoint_id": format!("whk_{NOBODY}")})).expect(404);
}

/// A server without Slack and without a playground.
fn not_set_up(story: &mut Story) {
    let env = vec![("BELLWIRE_NO_PLAYGROUND", "true".to_owned())];
    let bare = Scene::with(Setup { env, engine: Engine::Embedded, ..Setup::default() });
    for path in ["/v1/try", "/v1/integrations/slack/interactions"] {
        story.send(&bare.without_key(), &Call::new("POST", path).json(&json!({}))).expect(404);
    }
}
