//! Killed in the middle of buying: what was answered is there, what was asked again under its key happened
//! once, and the sums are exact.
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use bellwire_e2e::{Api, Call, Dice, Engine, Server, Setup, env, list, postgres::Database, text, watch};
use serde_json::{Value, json};

use crate::{balance, cents, purchase, wallet};

const BUYERS: u64 = 8;
/// Answers that are asked for again at the end.
const REPEATED: usize = 300;

/// What a buyer did under a key, and what came of it as far as it knows.
#[derive(Clone)]
struct Try {
    call: Call,
    cents: i64,
    outcome: Option<(u16, Value)>,
}

/// Buys, holds and captures; whoever got no answer asks again, with the same key, when the server is back.
fn buy_until(stop: &AtomicBool, api: &Api, wallet: &str, mut dice: Dice, tries: &Mutex<HashMap<String, Try>>) {
    while !stop.load(SeqCst) {
        let cents = i64::try_from(dice.below(40) + 1).expect("small");
        let key = format!("k{}", dice.below(u64::MAX));
        let body = json!({"amount_usd": format!("{}.{:02}", cents / 100, cents % 100), "vendor": format!("v{}", dice.below(5))});
        let call = match dice.below(3) {
            0 => Call::new("POST", &format!("/v1/wallets/{wallet}/holds")).json(&body),
            _ => purchase(wallet, &body),
        };
        let call = call.header("idempotency-key", &key);
        let outcome = api.try_send(&call).ok().map(|answer| (answer.status, answer.json()));
        let hold = outcome.clone().filter(|(status, body)| *status == 201 && text(&body["id"]).starts_with("hld_"));
        tries.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), Try { call, cents, outcome });
        if let Some((_, hold)) = hold {
            let end = if dice.below(2) == 0 { "capture" } else { "void" };
            let call = Call::new("POST", &format!("/v1/holds/{}/{end}", text(&hold["id"])))
                .json(&json!({}))
                .header("idempotency-key", &format!("{key}-{end}"));
            let outcome = api.try_send(&call).ok().map(|answer| (answer.status, answer.json()));
            let key = format!("{key}-{end}");
            tries.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Try { call, cents: 0, outcome });
        }
    }
}

/// Under load the server is killed again and again.
fn killed_while_buying(mut nodes: Vec<Server>, what: &str) {
    let rounds: u64 = env("BELLWIRE_CRASH_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let mut dice = Dice::new(env("BELLWIRE_CRASH_SEED").and_then(|seed| seed.parse().ok()));
    println!("{what}: BELLWIRE_CRASH_ROUNDS={rounds} BELLWIRE_CRASH_SEED={}", dice.seed());
    let root = wallet(&nodes[0].api(), &json!({"budget_usd": 60}));
    let leaves: Vec<String> =
        (0..2).map(|_| wallet(&nodes[0].api(), &json!({"budget_usd": 1_000, "parent_id": root}))).collect();
    let tries = Arc::new(Mutex::new(HashMap::new()));
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let buyers: Vec<_> = (0..BUYERS)
            .map(|nth| {
                let at = usize::try_from(nth).expect("small");
                let (stop, tries, api) = (Arc::clone(&stop), Arc::clone(&tries), nodes[at % nodes.len()].api());
                let (leaf, dice) = (leaves[at % 2].clone(), Dice::new(Some(dice.below(u64::MAX))));
                thread::spawn(move || buy_until(&stop, &api, &leaf, dice, &tries))
            })
            .collect();
        // Not a wait for something: the instant of the crash is what is random.
        watch(Duration::from_millis(20 + dice.below(400)), "always", || true);
        let victim = usize::try_from(round).expect("small") % nodes.len();
        nodes[victim].kill();
        stop.store(true, SeqCst);
        for buyer in buyers {
            buyer.join().expect("a buyer ends");
        }
        nodes[victim].restart();
        // Whatever was not answered is asked again: it was done, or is now, and is done once.
        let api = nodes[victim].api();
        let mut tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
        for attempt in tries.values_mut().filter(|attempt| attempt.outcome.is_none()) {
            let answer = api.send(&attempt.call);
            attempt.outcome = Some((answer.status, answer.json()));
        }
    }
    // So is what was answered, of which there is more.
    let repeated = tries.lock().unwrap_or_else(PoisonError::into_inner);
    let granted = repeated.values().filter_map(|attempt| match &attempt.outcome {
        Some((200 | 201, body)) => Some((&attempt.call, body)),
        _ => None,
    });
    for (call, body) in granted.take(REPEATED) {
        let answer = nodes[0].api().send(call);
        assert_eq!(answer.json(), *body, "{} is answered as before", answer.call);
        assert_eq!(answer.header("idempotency-replayed"), Some("true"));
    }
    drop(repeated);
    let tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
    let api = nodes[0].api();
    check(&api, &root, &leaves, &tries, what);
}

fn check(api: &Api, root: &str, leaves: &[String], tries: &HashMap<String, Try>, what: &str) {
    let (mut spent, mut held, mut bought) = (0, 0, 0);
    for (key, attempt) in tries {
        let Some((201, body)) = &attempt.outcome else { continue };
        bought += 1;
        if !text(&body["id"]).starts_with("hld_") {
            spent += attempt.cents;
            continue;
        }
        let ended =
            |end: &str| tries.get(&format!("{key}-{end}")).and_then(|end| end.outcome.as_ref()).map(|end| end.0);
        match (ended("capture"), ended("void")) {
            (Some(200), _) => spent += attempt.cents,
            (_, Some(200)) => {}
            _ => held += attempt.cents,
        }
    }
    let refused = tries.values().filter(|attempt| matches!(attempt.outcome, Some((402, _)))).count();
    println!("{what}: {bought} grants, {refused} refused, {spent} cents spent, {held} held");
    let standing = balance(api, root);
    assert_eq!((cents(&standing["spent_usd"]), cents(&standing["held_usd"])), (spent, held));
    assert!(spent + held <= 6_000);
    let below: i64 = leaves.iter().map(|leaf| cents(&balance(api, leaf)["spent_usd"])).sum();
    assert_eq!(below, spent, "what the root has spent is what is below it");
    // Row by row, by another way.
    let (mut total, mut grants, mut cursor) = (0, 0, String::new());
    loop {
        let page = api.get(&format!("/v1/purchases?limit=200{cursor}")).expect(200);
        for row in list(&page["purchases"]) {
            grants += 1;
            total += if row["status"] == "succeeded" { cents(&row["captured_usd"]) } else { 0 };
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((total, grants), (spent, bought));
    let counted = api.get("/v1/spend/by-vendor").expect(200);
    assert_eq!(cents(&counted["total_usd"]), spent);
}

#[test]
fn killed_while_buying_nothing_is_spent_twice_or_lost() {
    killed_while_buying(vec![Server::start()], "embedded");
}

#[test]
fn one_of_two_nodes_is_killed_while_buying() {
    let database = Arc::new(Database::create());
    let start = || Setup { engine: Engine::Database(Arc::clone(&database)), ..Setup::default() }.start();
    killed_while_buying(vec![start(), start()], "two nodes");
}
