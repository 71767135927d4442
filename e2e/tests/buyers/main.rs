//! Many buyers at once, on one server and on two nodes: as many succeed as the budget has room for, and
//! not one more, whatever is killed meanwhile.
mod crash;
mod loops;
mod time;

use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier},
    thread,
};

use bellwire_e2e::{Api, Call, Engine, Receiver, Scene, Server, Setup, eventually, list, postgres::Database, text};
use serde_json::{Value, json};

/// Buyers at once.
const BUYERS: usize = 64;

/// Makes a wallet; its id.
#[track_caller]
pub(crate) fn wallet(api: &Api, form: &Value) -> String {
    let mut body = json!({"name": "w", "budget_usd": 1});
    body.as_object_mut().expect("an object").extend(form.as_object().expect("an object").clone());
    text(&api.post("/v1/wallets", &body).expect(201)["id"])
}

pub(crate) fn purchase(wallet: &str, body: &Value) -> Call {
    let mut full = json!({"amount_usd": 1, "vendor": "openai", "description": "a call"});
    full.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
    Call::new("POST", &format!("/v1/wallets/{wallet}/purchases")).json(&full)
}

#[track_caller]
pub(crate) fn balance(api: &Api, wallet: &str) -> Value {
    api.get(&format!("/v1/wallets/{wallet}/balance")).expect(200)
}

/// An amount in cents: those of the tests are whole.
#[track_caller]
pub(crate) fn cents(amount: &Value) -> i64 {
    let text = amount.to_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
    let rest = format!("{rest:0<2}");
    assert!(rest.len() == 2, "{amount} is not in whole cents");
    whole.parse::<i64>().expect("dollars") * 100 + rest.parse::<i64>().expect("cents")
}

/// How many events of a type there are, at most 200.
#[track_caller]
pub(crate) fn events(api: &Api, kind: &str) -> Vec<Value> {
    list(&api.get(&format!("/v1/events?type={kind}&limit=200")).expect(200)["events"])
}

/// All send at the same moment, each to the node whose turn it is; how many were answered with which status.
fn all_at_once(nodes: &[Api], calls: Vec<Call>) -> BTreeMap<u16, usize> {
    let gate = Arc::new(Barrier::new(calls.len()));
    let buyers: Vec<_> = calls
        .into_iter()
        .enumerate()
        .map(|(nth, call)| {
            let (api, gate) = (nodes[nth % nodes.len()].clone(), Arc::clone(&gate));
            thread::spawn(move || {
                gate.wait();
                api.send(&call).status
            })
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for buyer in buyers {
        *statuses.entry(buyer.join().expect("a buyer ends")).or_default() += 1;
    }
    statuses
}

/// 64 buyers, each of a dollar, on wallets with room for so many: as many succeed.
fn as_many_as_fit(nodes: &[Api]) {
    let api = &nodes[0];
    let receiver = Receiver::ok();
    api.post("/v1/webhooks", &json!({"url": receiver.url(), "events": ["budget.exhausted"]})).expect(201);
    // One wallet; then a tree whose root is what is short; then one in which each level is.
    let alone = wallet(api, &json!({"budget_usd": 23}));
    let root = wallet(api, &json!({"budget_usd": 31}));
    let teams: Vec<String> = (0..4).map(|_| wallet(api, &json!({"budget_usd": 1_000, "parent_id": root}))).collect();
    let agents: Vec<String> =
        (0..8).map(|nth| wallet(api, &json!({"budget_usd": 1_000, "parent_id": teams[nth % 4]}))).collect();
    let crown = wallet(api, &json!({"budget_usd": 40}));
    let below: Vec<String> = (0..4).map(|_| wallet(api, &json!({"budget_usd": 7, "parent_id": crown}))).collect();
    for (wallets, fit, full) in [(vec![alone.clone()], 23, &alone), (agents, 31, &root), (below.clone(), 28, &below[0])]
    {
        let calls = (0..BUYERS).map(|nth| purchase(&wallets[nth % wallets.len()], &json!({}))).collect();
        let statuses = all_at_once(nodes, calls);
        assert_eq!(statuses, BTreeMap::from([(201, fit), (402, BUYERS - fit)]));
        let left = balance(&nodes[nodes.len() - 1], full);
        assert_eq!((cents(&left["available_usd"]), cents(&left["held_usd"])), (0, 0), "{left}");
    }
    assert_eq!(cents(&balance(api, &crown)["spent_usd"]), 2_800);
    // Told once for each wallet that was short: one, the root, and four.
    eventually("every exhausted budget is told", || (receiver.hits() >= 6).then_some(()));
    let mut told: Vec<String> = receiver.seen().iter().map(|seen| text(&seen.json()["data"]["wallet_id"])).collect();
    told.sort();
    let mut wanted = [vec![alone, root], below].concat();
    wanted.sort();
    assert_eq!(told, wanted);
    assert_eq!(events(api, "purchase.succeeded").len(), 23 + 31 + 28);
}

#[test]
fn as_many_buyers_succeed_as_fit_and_not_one_more() {
    let scene = Scene::new();
    as_many_as_fit(std::slice::from_ref(&scene.api));
}

#[test]
fn through_two_nodes_as_many_buyers_succeed_as_fit() {
    let database = Arc::new(Database::create());
    let start = || Setup { engine: Engine::Database(Arc::clone(&database)), ..Setup::default() }.start();
    let nodes: [Server; 2] = [start(), start()];
    as_many_as_fit(&[nodes[0].api(), nodes[1].api()]);
    // The three questions that everybody asks of the table, as they stand in the documentation.
    let page = include_str!("../../../docs/concepts/spend.md");
    let sql = page.split("```sql").nth(1).and_then(|rest| rest.split("```").next()).expect("the queries");
    let queries: Vec<&str> = sql.split(';').map(str::trim).filter(|query| query.contains("SELECT")).collect();
    let queries: Vec<&str> = queries.iter().map(|query| &query[query.find("SELECT").expect("it selects")..]).collect();
    assert_eq!(queries.len(), 3);
    // Which agents of the first tree were among the first is their luck; the minute may change meanwhile.
    for (query, rows, of) in
        [(queries[0], 1..=1, "vendor"), (queries[1], 6..=13, "wallet"), (queries[2], 1..=2, "minute")]
    {
        let found = database.rows(&format!("SELECT SUM(spent)::bigint, COUNT(*) FROM ({query}) AS answer"));
        let (spent, count): (i64, i64) = (found[0].get(0), found[0].get(1));
        assert_eq!(spent, 82, "by {of}");
        assert!(rows.contains(&count), "{count} rows by {of}");
    }
}

#[test]
fn one_key_fired_fifty_times_at_once_is_one_purchase() {
    let scene = Scene::new();
    let id = wallet(&scene, &json!({"budget_usd": 100}));
    let call = purchase(&id, &json!({"amount_usd": 2})).header("idempotency-key", "fifty");
    let statuses = all_at_once(std::slice::from_ref(&scene.api), vec![call; 50]);
    assert_eq!(statuses, BTreeMap::from([(201, 50)]));
    assert_eq!(cents(&balance(&scene, &id)["spent_usd"]), 200);
    assert_eq!(events(&scene, "purchase.succeeded").len(), 1);
}
