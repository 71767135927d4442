//! Sends what the story sends, and writes down what was said on both sides, by operation.
use std::collections::BTreeMap;

use bellwire_e2e::{Answer, Api, Call, Scene, Stream, list, text};
use serde_json::{Map, Value, json};

use crate::{calm::Calm, exact};

/// The lists of one entry for each minute or hour keep so many of them, the newest.
const STEPS_KEPT: usize = 2;

/// An operation of the API's own description.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    /// With its parameters in braces.
    pub(crate) path: String,
    pub(crate) takes_body: bool,
    /// The statuses it may answer with a body.
    pub(crate) statuses: Vec<u16>,
}

/// What is kept of an operation: the first of each kind.
#[derive(Default)]
struct Page {
    request: Option<Value>,
    /// By status, then by media type.
    responses: BTreeMap<u16, BTreeMap<String, Value>>,
}

/// A server, and what was said so far.
pub(crate) struct Story {
    pub(crate) scene: Scene,
    pub(crate) operations: Vec<Operation>,
    /// What stands for each parameter of a path.
    pub(crate) ids: BTreeMap<&'static str, String>,
    /// In the order in which they were first used, so that ids are numbered in the order of the story.
    pages: Vec<(String, Page)>,
    /// Refusals that are the same wherever they come.
    refusals: BTreeMap<u16, Value>,
    /// Texts of this machine, and what is written in their place.
    pub(crate) known: Vec<(String, String)>,
}

impl Story {
    pub(crate) fn new(scene: Scene) -> Self {
        let document = scene.get("/openapi.json").expect(200);
        let known = vec![(format!("http://{}", scene.address), "http://127.0.0.1:4800".to_owned())];
        let operations = operations(&document);
        Self { scene, operations, ids: BTreeMap::new(), pages: Vec::new(), refusals: BTreeMap::new(), known }
    }

    /// Sends a request as somebody, and writes it down.
    #[track_caller]
    pub(crate) fn send(&mut self, by: &Api, call: &Call) -> Answer {
        let answer = by.send(call);
        self.answered(call, &answer);
        answer
    }

    /// Writes down what was sent and answered.
    #[track_caller]
    pub(crate) fn answered(&mut self, call: &Call, answer: &Answer) {
        let body = call.body.as_deref().and_then(|body| std::str::from_utf8(body).ok());
        if answer.status < 300
            && let Some(body) = body.filter(|body| body.starts_with('{'))
        {
            self.request(call, exact::read(body));
        }
        if !answer.body.is_empty() {
            let kind = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
            let said = String::from_utf8_lossy(&answer.body);
            let said =
                if kind.ends_with("json") && !kind.contains("ndjson") { exact::read(&said) } else { said.into() };
            self.said(call, answer.status, kind, said);
        }
    }

    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Value {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("GET", path)).expect(200)
    }

    /// What is asked for in another media type than JSON.
    #[track_caller]
    pub(crate) fn get_as(&mut self, kind: &str, path: &str) -> Value {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("GET", path).header("accept", kind)).expect(200)
    }

    /// The whole answer, whatever it is.
    #[track_caller]
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("POST", path).json(body))
    }

    /// A POST that has no body.
    #[track_caller]
    pub(crate) fn start(&mut self, path: &str) -> Answer {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("POST", path))
    }

    #[track_caller]
    pub(crate) fn patch(&mut self, path: &str, body: &Value) -> Answer {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("PATCH", path).json(body))
    }

    #[track_caller]
    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Answer {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("PUT", path).json(body))
    }

    #[track_caller]
    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        let api = self.scene.api.clone();
        self.send(&api, &Call::new("DELETE", path))
    }

    /// Opens a stream and writes its first frames down; `then` happens once it is open.
    #[track_caller]
    pub(crate) fn stream(&mut self, path: &str, frames: usize, then: impl FnOnce(&Scene)) {
        let call = Call::new("GET", path);
        let mut stream: Stream = self.scene.stream(&call);
        let mut said = stream.frame().expect("it is greeted");
        then(&self.scene);
        said.extend((1..frames).map(|_| stream.frame().expect("it goes on")));
        self.said(&call, 200, "text/event-stream", said.into());
    }

    /// Writes a request down whose body was sent in another form.
    #[track_caller]
    pub(crate) fn request(&mut self, call: &Call, body: Value) {
        let operation = self.operation(call);
        if operation.takes_body {
            self.page(&operation.id).request.get_or_insert(body);
        }
    }

    /// Writes an answer down.
    #[track_caller]
    pub(crate) fn said(&mut self, call: &Call, status: u16, kind: &str, mut said: Value) {
        let operation = self.operation(call);
        assert!(operation.statuses.contains(&status), "{}: {status} is not described: {said}", operation.id);
        exact::each_member(&mut said, &mut |_, member| keep_newest(member));
        if ["get_openapi", "get_asyncapi"].contains(&operation.id.as_str()) {
            // Not a description inside itself.
            let members = said.as_object_mut().expect("an object");
            members.retain(|name, _| ["openapi", "asyncapi", "info"].contains(&name.as_str()));
        }
        if operation.id == "get_metrics" {
            said = one_metric(&text(&said)).into();
        }
        let responses = &mut self.page(&operation.id).responses;
        responses.entry(status).or_default().entry(kind.to_owned()).or_insert(said);
    }

    /// Keeps a refusal as what any operation may answer.
    pub(crate) fn anywhere(&mut self, answer: &Answer) {
        self.refusals.insert(answer.status, exact::read(&String::from_utf8_lossy(&answer.body)));
    }

    /// Whether such an answer of an operation was written down.
    pub(crate) fn has(&self, operation: &Operation, status: u16) -> bool {
        let page = self.pages.iter().find(|(id, _)| *id == operation.id);
        page.is_some_and(|(_, page)| page.responses.contains_key(&status))
    }

    fn page(&mut self, id: &str) -> &mut Page {
        let nth = self.pages.iter().position(|(known, _)| known == id).unwrap_or_else(|| {
            self.pages.push((id.to_owned(), Page::default()));
            self.pages.len() - 1
        });
        &mut self.pages[nth].1
    }

    /// The operation that a request is for: of those whose path fits, the one with the fewest parameters.
    #[track_caller]
    fn operation(&self, call: &Call) -> Operation {
        let path = call.path.split('?').next().unwrap_or_default();
        let fits = |operation: &&Operation| operation.method == call.method && is_at(path, &operation.path);
        let found = self.operations.iter().filter(fits).min_by_key(|operation| operation.path.matches('{').count());
        found.unwrap_or_else(|| panic!("{} {path} is not described", call.method)).clone()
    }

    /// Everything that was written down, the same in every run, as a file.
    pub(crate) fn text(self) -> String {
        let mut calm = Calm::knowing(self.known);
        let mut all = BTreeMap::new();
        let mut refusals = Map::new();
        for (status, mut problem) in self.refusals {
            calm.apply(&mut problem);
            refusals.insert(status.to_string(), problem);
        }
        for (id, page) in self.pages {
            let mut whole = Map::new();
            if let Some(mut request) = page.request {
                calm.apply(&mut request);
                if let Some(payload) = request.get_mut("payload").filter(|payload| payload.is_object()) {
                    *payload = payload.to_string().into();
                }
                whole.insert("request".into(), request);
            }
            let mut responses = Map::new();
            for (status, by_kind) in page.responses {
                let mut content = json!(by_kind);
                calm.apply(&mut content);
                // What is refused everywhere alike is written once.
                if refusals.get(&status.to_string()) != Some(&content["application/problem+json"]) {
                    responses.insert(status.to_string(), content);
                }
            }
            whole.insert("responses".into(), responses.into());
            all.insert(id, Value::from(whole));
        }
        exact::write(&json!({"operations": all, "refusals": refusals}))
    }
}

/// Of a list of steps of time the newest.
fn keep_newest(value: &mut Value) {
    let Some(items) = value.as_array_mut().filter(|items| items.iter().all(|item| item["at"].is_string())) else {
        return;
    };
    items.drain(..items.len().saturating_sub(STEPS_KEPT));
}

/// One metric of the many, as it is written.
fn one_metric(metrics: &str) -> String {
    let of =
        |line: &&str| line.contains("bellwire_requests_total") && (line.starts_with('#') || line.contains("/healthz"));
    metrics.lines().filter(of).flat_map(|line| [line, "\n"]).collect()
}

fn is_at(path: &str, template: &str) -> bool {
    let (path, template): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len() && path.iter().zip(&template).all(|(part, name)| part == name || name.starts_with('{'))
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().map(move |(method, operation)| Operation {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.clone(),
            takes_body: !operation["requestBody"].is_null(),
            statuses: statuses(&operation["responses"]),
        })
    });
    let all: Vec<Operation> = all.collect();
    assert!(all.len() > 90, "{}", list(&document["paths"]).len());
    all
}

fn statuses(responses: &Value) -> Vec<u16> {
    let described = responses.as_object().into_iter().flatten().filter(|(_, response)| !response["content"].is_null());
    described.filter_map(|(status, _)| status.parse().ok()).collect()
}
