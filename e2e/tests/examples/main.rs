//! The examples of `openapi.json`: one small story on a real server calls every operation, and what was said is compared
//! with `crates/server/src/api/examples.json`, from which the document takes them. So no example is made up, and none
//! can grow old.
//!
//! The story: a company lets an agent, `scout`, do research for its customer `acme`.
mod approvals;
mod calm;
mod company;
mod deliveries;
mod events;
mod exact;
mod policies;
mod record;
mod refusals;
mod spending;
mod views;

use std::{fs, path::Path};

use bellwire_e2e::{Engine, Receiver, Scene, SetClock, Setup, Slack, env};
use serde_json::Value;

use crate::{calm::MORNING, record::Story};

/// Where the examples are kept.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/server/src/api/examples.json");

/// The whole story, as a file.
fn told(clock: &SetClock) -> String {
    clock.set_to(MORNING);
    let slack = Slack::start();
    let setup = slack.setup("U0ANA");
    let env = [setup.env, clock.env()].concat();
    let mut story = Story::new(Scene::with(Setup { env, engine: Engine::Embedded, ..setup }));
    let receiver = Receiver::ok();
    story.known.extend([
        (receiver.url(), "https://hooks.acme.example/bellwire".to_owned()),
        (receiver.address.to_string(), "203.0.113.7:443".to_owned()),
    ]);
    company::tell(&mut story);
    events::tell(&mut story, &receiver);
    deliveries::tell(&mut story, &receiver);
    spending::tell(&mut story);
    views::tell(&mut story);
    policies::tell(&mut story);
    approvals::tell(&mut story, &slack);
    refusals::tell(&mut story);
    company::end(&mut story);
    views::end(&mut story);
    story.text()
}

/// Which operations two recordings differ in.
fn differing(kept: &str, told: &str) -> Vec<String> {
    let [kept, told] = [kept, told].map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
    let of = |part: &str| {
        let names = [&kept, &told].into_iter().flat_map(|all| all[part].as_object().into_iter().flatten());
        let mut names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| kept[part][name] != told[part][name]);
        names
    };
    [of("operations"), of("refusals")].concat()
}

#[test]
fn every_example_is_what_the_server_says() {
    let Some(clock) = SetClock::new() else { return };
    let told = told(&clock);
    if env("BELLWIRE_WRITE").is_some() {
        fs::write(Path::new(FILE), &told).expect("it is written");
    }
    let kept = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        kept == told,
        "crates/server/src/api/examples.json is not what the server says of {:?}: BELLWIRE_WRITE=1 writes it anew, then \
         `cargo xtask generate` the document",
        differing(&kept, &told)
    );
}
