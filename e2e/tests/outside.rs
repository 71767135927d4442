//! Real deliveries, verified by the packages that receivers really use.
use bellwire_e2e::{Delivery, Receiver, Reply, Scene, Seen, eventually, list, refuse_all, text, verify_all};
use serde_json::{Value, json};

const DIALECTS: [&str; 7] = ["standard", "cloudevents", "trove", "trovefiles", "paygraph", "pacspace", "keystore"];

/// An event with text that goes wrong easily.
fn post(scene: &Scene) {
    let data = json!({"amount_usd": 0.01, "vendor_name": "Grüße & 東京 \"quoted\" </script>\u{2028}",
        "nested": {"unit_price": 12_345_678.9}, "metadata": {"snake_key": "as it is"}, "none": null, "list": [1, 2.50]});
    scene.event("order.paid", &json!({"namespace": "customer-acme", "data": data}));
}

/// The newest request, once there are so many.
fn last(receiver: &Receiver, count: usize) -> Seen {
    eventually("the delivery comes in", || receiver.seen().get(count - 1).cloned())
}

fn delivery(name: &str, endpoint: &Value, secret: &str, only: &[&'static str], seen: &Seen) -> Delivery {
    Delivery {
        name: name.into(),
        dialect: text(&endpoint["dialect"]),
        secret: secret.into(),
        only: only.to_vec(),
        seen: seen.clone(),
    }
}

#[test]
fn packages_accept_every_dialect_and_refuse_a_changed_byte() {
    let scene = Scene::new();
    let receivers = DIALECTS.map(|dialect| {
        let receiver = Receiver::ok();
        let endpoint = scene.endpoint(&receiver, &json!({"dialect": dialect, "events": ["order.*"]}));
        (receiver, endpoint)
    });
    let signing = Receiver::ok();
    let asymmetric = scene.endpoint(&signing, &json!({"signing": "ed25519", "events": ["order.*"]}));
    post(&scene);
    let mut deliveries: Vec<Delivery> = receivers
        .iter()
        .map(|(receiver, endpoint)| {
            delivery(&text(&endpoint["dialect"]), endpoint, &text(&endpoint["secret"]), &[], &last(receiver, 1))
        })
        .collect();
    let public = text(&asymmetric["public_key"]);
    let published = scene.without_key().get("/.well-known/bellwire-keys.json").expect(200);
    assert_eq!(text(&published["keys"][0]["public_key"]), public);
    deliveries.push(delivery("ed25519", &asymmetric, &public, &[], &last(&signing, 1)));
    verify_all(&deliveries);
    // Another endpoint's secret verifies nothing.
    let stranger = text(&scene.endpoint(&Receiver::ok(), &json!({"events": ["never.sent"]}))["secret"]);
    let strangers: Vec<Delivery> = deliveries
        .iter()
        .filter(|delivery| !delivery.secret.starts_with("whpk_"))
        .map(|delivery| Delivery { secret: stranger.clone(), ..delivery.clone() })
        .collect();
    refuse_all(&strangers);
}

#[test]
fn packages_accept_retries_replays_and_test_events_too() {
    let scene = Scene::new();
    let receiver = Receiver::sequence(vec![Reply::Status(500), Reply::Status(200)]);
    let form = json!({"dialect": "pacspace", "events": ["order.*"], "retry": {"schedule": ["1s"]}});
    let endpoint = scene.endpoint(&receiver, &form);
    post(&scene);
    scene.settled(&endpoint, "success", 2);
    scene.on(&endpoint, "replay", &json!({})).expect(202);
    last(&receiver, 3);
    scene.on(&endpoint, "test", &json!({})).expect(200);
    let seen = receiver.seen();
    assert_eq!(seen.len(), 4);
    let secret = text(&endpoint["secret"]);
    let deliveries: Vec<Delivery> = ["first", "retry", "replay", "test"]
        .iter()
        .zip(&seen)
        .map(|(name, seen)| delivery(name, &endpoint, &secret, &[], seen))
        .collect();
    verify_all(&deliveries);
}

/// What can be verified with which secret during a rotation (spec wire, "Dialects").
fn during_rotation(dialect: &str) -> (&'static [&'static str], &'static [&'static str]) {
    const ALWAYS: &[&str] = &["standardwebhooks", "svix"];
    match dialect {
        // Both secrets sign the extra header too.
        "pacspace" => (&["standardwebhooks", "svix", "pacspace-sdk"], &["standardwebhooks", "svix", "pacspace-sdk"]),
        "paygraph" => (&["standardwebhooks", "svix", "stripe"], &["standardwebhooks", "svix", "stripe"]),
        // The older one alone signs it.
        "trove" | "trovefiles" => (&["standardwebhooks", "svix", "stripe", "trove-sdk"], ALWAYS),
        "keystore" => (&["standardwebhooks", "svix", "hmac"], ALWAYS),
        _ => (ALWAYS, ALWAYS),
    }
}

#[test]
fn during_a_rotation_old_and_new_secrets_verify_as_promised_and_after_it_only_the_new() {
    let scene = Scene::new();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for dialect in DIALECTS {
        let receiver = Receiver::ok();
        let endpoint = scene.endpoint(&receiver, &json!({"dialect": dialect, "events": ["order.*"]}));
        let older = text(&endpoint["secret"]);
        let rotated = scene.on(&endpoint, "rotate-secret", &json!({"overlap": "1h"})).expect(200);
        let newer = text(&rotated["secret"]);
        assert_ne!(older, newer);
        assert_eq!(scene.reread(&endpoint)["rotation_ends_at"], rotated["previous_expires_at"]);
        post(&scene);
        let seen = last(&receiver, 1);
        assert_eq!(seen.header("webhook-signature").split(' ').count(), 2, "{dialect}");
        let (with_older, with_newer) = during_rotation(dialect);
        good.push(delivery(&format!("{dialect}, older"), &endpoint, &older, with_older, &seen));
        good.push(delivery(&format!("{dialect}, newer"), &endpoint, &newer, with_newer, &seen));
        scene.on(&endpoint, "rotate-secret/finish", &json!({})).expect(200);
        assert_eq!(scene.reread(&endpoint)["rotation_ends_at"], Value::Null);
        post(&scene);
        let seen = last(&receiver, 2);
        good.push(delivery(&format!("{dialect}, finished"), &endpoint, &newer, &[], &seen));
        bad.push(delivery(&format!("{dialect}, finished, older"), &endpoint, &older, &[], &seen));
        scene.delete(&format!("/v1/webhooks/{}", text(&endpoint["id"]))).expect(204);
    }
    verify_all(&good);
    refuse_all(&bad);
}

#[test]
fn an_overlap_of_no_time_ends_the_old_secret_at_once() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    let endpoint = scene.endpoint(&receiver, &json!({"dialect": "keystore", "events": ["order.*"]}));
    let rotated = scene.on(&endpoint, "rotate-secret", &json!({"overlap": "0s"})).expect(200);
    post(&scene);
    let seen = last(&receiver, 1);
    verify_all(&[delivery("newer", &endpoint, &text(&rotated["secret"]), &[], &seen)]);
    refuse_all(&[delivery("older", &endpoint, &text(&endpoint["secret"]), &[], &seen)]);
}

#[test]
fn an_approval_in_paygraph_form_has_the_same_signature_on_every_retry() {
    let scene = Scene::new();
    let receiver = Receiver::sequence(vec![Reply::Status(500), Reply::Status(200)]);
    let form = json!({"dialect": "paygraph", "events": ["approval.*"], "retry": {"schedule": ["1s"]}});
    let endpoint = scene.endpoint(&receiver, &form);
    let example = scene.get("/v1/event-types/approval.requested").expect(200)["example"].clone();
    let data = if example["data"].is_object() { example["data"].clone() } else { example };
    scene.event("approval.requested", &json!({"data": data}));
    scene.settled(&endpoint, "success", 2);
    let seen = receiver.seen();
    let signatures: Vec<&str> = seen.iter().map(|seen| seen.header("x-paygraph-signature")).collect();
    assert_eq!(signatures[0], signatures[1]);
    assert_eq!(seen.iter().map(|seen| seen.header("x-paygraph-attempt")).collect::<Vec<_>>(), ["1", "2"]);
    assert_ne!(seen[0].header("x-paygraph-delivery-id"), seen[1].header("x-paygraph-delivery-id"));
    let secret = text(&endpoint["secret"]);
    verify_all(&[
        delivery("first", &endpoint, &secret, &[], &seen[0]),
        delivery("retry", &endpoint, &secret, &[], &seen[1]),
    ]);
}

#[test]
fn each_dialect_has_its_own_shape_and_all_have_the_common_headers() {
    let scene = Scene::new();
    let common = [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "content-type",
        "bellwire-event",
        "bellwire-delivery-id",
        "bellwire-attempt-id",
        "bellwire-attempt",
        "user-agent",
        "traceparent",
    ];
    let shapes: [(&str, &[&str], &str); 7] = [
        ("standard", &["id", "type", "timestamp", "workspace_id", "namespace", "data"], ""),
        ("cloudevents", &["specversion", "id", "source", "type", "subject", "time", "data"], ""),
        ("trove", &["id", "type", "timestamp", "amount_usd", "vendor_name"], "x-trove-event-id"),
        (
            "trovefiles",
            &["id", "type", "api_version", "workspace_id", "namespace", "created_at", "data"],
            "x-trove-event",
        ),
        ("paygraph", &["id", "type", "timestamp", "amount_usd"], "x-paygraph-delivery-id"),
        ("pacspace", &["id", "event", "tenantId", "createdAt", "data"], "x-event-id"),
        ("keystore", &["event", "timestamp", "data"], "x-webhook-event"),
    ];
    for (dialect, fields, header) in shapes {
        let receiver = Receiver::ok();
        let endpoint = scene.endpoint(&receiver, &json!({"dialect": dialect, "events": ["order.*"]}));
        post(&scene);
        let seen = last(&receiver, 1);
        for name in common.iter().chain([&header]).filter(|name| !name.is_empty()) {
            assert!(!seen.header(name).is_empty(), "{dialect}: {name}");
        }
        let body = seen.json();
        for field in fields {
            assert!(body.get(field).is_some(), "{dialect}: {field} in {body}");
        }
        if ["pacspace", "keystore"].contains(&dialect) {
            assert_eq!(body["data"]["nested"]["unitPrice"], 12_345_678.9);
            assert_eq!(body["data"]["metadata"]["snake_key"], "as it is");
        }
        let log = list(&scene.deliveries(&endpoint, "").into());
        assert_eq!(log.len(), 1);
        scene.delete(&format!("/v1/webhooks/{}", text(&endpoint["id"]))).expect(204);
    }
}
