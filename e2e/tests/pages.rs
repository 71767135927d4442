//! Lists, page by page: together the pages are the whole list, once.
use bellwire_e2e::{Scene, list, text};
use serde_json::{Value, json};

/// What the pages of a list hold, with the sizes of the pages.
fn pages(scene: &Scene, path: &str, plural: &str, limit: usize) -> (Vec<Value>, Vec<usize>) {
    let (mut all, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = scene.get(&format!("{path}?limit={limit}{cursor}")).expect(200);
        sizes.push(list(&page[plural]).len());
        all.extend(list(&page[plural]));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (all, sizes),
        }
    }
}

fn names(all: &[Value]) -> Vec<String> {
    all.iter().map(|one| text(&one["name"])).collect()
}

#[test]
fn workspaces_come_newest_first() {
    let scene = Scene::new();
    for name in ["a", "b", "c", "d"] {
        scene.workspace(name);
    }
    let (all, sizes) = pages(&scene, "/v1/workspaces", "workspaces", 2);
    assert_eq!(names(&all), ["d", "c", "b", "a", "default"]);
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn namespaces_come_by_name_and_a_key_of_one_sees_its_own() {
    let scene = Scene::new();
    for namespace in ["d", "b", "a", "c"] {
        scene.event("order.paid", &json!({"namespace": namespace}));
    }
    let (all, sizes) = pages(&scene, "/v1/namespaces", "namespaces", 2);
    assert_eq!(names(&all), ["a", "b", "c", "d"]);
    assert_eq!(sizes, [2, 2]);
    let own = scene.key(&json!({"kind": "scoped", "namespace": "c"})).get("/v1/namespaces?limit=1").expect(200);
    assert_eq!((names(&list(&own["namespaces"])), &own["next_cursor"]), (vec!["c".to_owned()], &Value::Null));
    let named = scene.get("/v1/namespaces?namespace=b").expect(200);
    assert_eq!(names(&list(&named["namespaces"])), ["b"]);
}

#[test]
fn event_types_come_by_name_and_then_the_built_in_ones() {
    let scene = Scene::new();
    let (built_in, _) = pages(&scene, "/v1/event-types", "event_types", 200);
    assert!(built_in.iter().all(|one| one["built_in"] == true));
    for name in ["zebra.seen", "order.sent", "order.paid", "yak.shaved", "ant.met"] {
        scene.post("/v1/event-types", &json!({"name": name})).expect(201);
    }
    let mut wanted: Vec<String> =
        ["ant.met", "order.paid", "order.sent", "yak.shaved", "zebra.seen"].map(str::to_owned).into();
    wanted.extend(names(&built_in));
    for limit in [2, 5, 7] {
        let (all, sizes) = pages(&scene, "/v1/event-types", "event_types", limit);
        assert_eq!(names(&all), wanted, "{limit}");
        assert!(sizes.iter().rev().skip(1).all(|size| *size == limit), "{sizes:?}");
    }
}
