//! What was spent, asked in every way.
use bellwire_e2e::{Call, Scene, count, list, text};
use serde_json::{Value, json};

use crate::{at, stored, wallet};

/// Two wallets and what was bought from them.
fn scene() -> (Scene, [Value; 2]) {
    let scene = Scene::new();
    let wallets = ["research", "a \"quoted\", name"].map(|name| wallet(&scene, &json!({"name": name})));
    let buy = |wallet: &Value, order: Value| scene.post(&at("wallets", wallet, "/purchases"), &order).expect(201);
    buy(&wallets[0], json!({"amount_usd": "0.000000001", "vendor": "b, c", "description": "", "agent_id": "a-1"}));
    buy(&wallets[0], json!({"amount_usd": 5, "vendor": "anthropic", "description": "", "category": "tokens"}));
    buy(&wallets[1], json!({"amount_usd": 2.5, "vendor": "anthropic", "description": "", "category": "=1+1"}));
    let back = buy(&wallets[1], json!({"amount_usd": 9, "vendor": "aws", "description": "", "agent_id": "a-1"}));
    scene.post(&at("purchases", &back, "/refund"), &json!({"amount_usd": 8, "reason": "r"})).expect(201);
    (scene, wallets)
}

fn csv(scene: &Scene, path: &str) -> String {
    let answer = scene.send(&Call::new("GET", path).header("accept", "text/csv"));
    answer.expect(200);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")), "{path}");
    String::from_utf8(answer.body).expect("text")
}

#[test]
fn spending_is_split_four_ways_exactly() {
    let (scene, wallets) = scene();
    let answer = scene.get("/v1/spend/by-vendor");
    let said = answer.expect(200);
    let body = String::from_utf8(answer.body).expect("text");
    assert!(body.contains("\"total_usd\":8.500000001,"), "{body}");
    let vendors = "\"vendors\":[{\"vendor\":\"anthropic\",\"spent_usd\":7.50,\"count\":2},\
                {\"vendor\":\"aws\",\"spent_usd\":1.00,\"count\":1},\
                {\"vendor\":\"b, c\",\"spent_usd\":0.000000001,\"count\":1}],\"truncated\":false}";
    assert!(body.ends_with(vendors), "{body}");
    assert_eq!((&said["by"], &said["since"], count(&said["count"])), (&json!("vendor"), &Value::Null, 4));
    let first = scene.get("/v1/spend/by-vendor?limit=1&since=1h").expect(200);
    assert_eq!((list(&first["vendors"]).len(), &first["truncated"], count(&first["count"])), (1, &json!(true), 4));
    let by_wallet = scene.get("/v1/spend/by-wallet").expect(200);
    assert_eq!(by_wallet["wallets"][0]["wallet_id"], wallets[0]["id"]);
    assert_eq!(by_wallet["wallets"][0]["name"], "research");
    let by_agent = scene.get("/v1/spend/by-agent").expect(200);
    assert_eq!(by_agent["agents"][0], json!({"agent_id": null, "spent_usd": 7.5, "count": 2}));
    let by_category = scene.get("/v1/spend/by-category").expect(200);
    assert_eq!(by_category["categories"][0]["category"], "tokens");
    let one = scene.get(&format!("/v1/spend/by-vendor?wallet_id={}", text(&wallets[1]["id"]))).expect(200);
    assert_eq!((&one["total_usd"], list(&one["vendors"]).len()), (&json!(3.5), 2));
    assert_eq!(scene.get("/v1/spend/by-vendor?until=1h").expect(200)["count"], 0);
    scene.get("/v1/spend/by-vendor?wallet_id=wal_01ARZ3NDEKTSV4RRFFQ69G5FAV").expect(404);
    // Play money is in none of it.
    let play = wallet(&scene, &json!({"sandbox": true}));
    crate::buy(&scene, &play, "50").expect(201);
    assert_eq!(scene.get("/v1/spend/by-vendor").expect(200)["total_usd"], said["total_usd"]);
}

#[test]
fn the_same_as_csv_keeps_every_value_as_it_is() {
    let (scene, wallets) = scene();
    let rows = "vendor,spent_usd,count\r\nanthropic,7.50,2\r\naws,1.00,1\r\n\"b, c\",0.000000001,1\r\n";
    assert_eq!(csv(&scene, "/v1/spend/by-vendor"), rows);
    let rows = format!(
        "wallet_id,name,spent_usd,count\r\n{},research,5.000000001,2\r\n{},\"a \"\"quoted\"\", name\",3.50,2\r\n",
        text(&wallets[0]["id"]),
        text(&wallets[1]["id"])
    );
    assert_eq!(csv(&scene, "/v1/spend/by-wallet"), rows);
    let by_category = csv(&scene, "/v1/spend/by-category");
    assert!(by_category.contains("\r\n=1+1,2.50,1\r\n"), "{by_category}");
    assert!(csv(&scene, "/v1/spend/timeseries?bucket=day").starts_with("at,spent_usd,count\r\n"));
    let cut = scene.send(&Call::new("GET", "/v1/spend/by-vendor?limit=1").header("accept", "text/csv"));
    assert_eq!(cut.header("bellwire-truncated"), Some("true"));
    let wrong = scene.send(&Call::new("GET", "/v1/spend/by-vendor?since=x").header("accept", "text/csv"));
    assert_eq!((wrong.status, wrong.fields()), (422, vec!["since".to_owned()]));
}

#[test]
fn a_course_of_time_has_every_step() {
    let (scene, _) = scene();
    let before = stored(&scene);
    for (bucket, steps) in [("minute", 61), ("hour", 25), ("day", 31)] {
        let said = scene.get(&format!("/v1/spend/timeseries?bucket={bucket}")).expect(200);
        let points = list(&said["points"]);
        assert_eq!(points.len(), steps, "{bucket}");
        assert_eq!(points[0]["at"], said["since"]);
        let total: f64 = points.iter().filter_map(|point| point["spent_usd"].as_f64()).sum();
        let purchases: u64 = points.iter().map(|point| count(&point["count"])).sum();
        assert!((total - 8.500_000_001).abs() < 1e-12 && purchases == 4, "{bucket}: {total} {purchases}");
        assert_eq!(points[0]["count"], 0);
    }
    let query = "bucket=hour&since=2026-01-01T00:30:00Z&until=2026-01-01T02:00:00Z";
    let said = scene.get(&format!("/v1/spend/timeseries?{query}")).expect(200);
    let starts: Vec<String> = list(&said["points"]).iter().map(|point| text(&point["at"])).collect();
    assert_eq!(starts, ["2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z"]);
    let none = scene.get("/v1/spend/timeseries?since=1h&until=5h").expect(200);
    assert_eq!(none["points"], json!([]));
    let many = scene.get("/v1/spend/timeseries?bucket=minute&since=7d");
    assert_eq!((many.status, many.fields()), (422, vec!["bucket".to_owned()]));
    assert_eq!(stored(&scene), before);
}
