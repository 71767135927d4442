//! Events posted all the time by callers who do as they should: each event has an id of the caller's,
//! and what was not accepted is posted again, wherever somebody answers.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    Api, Call,
    wait::{now, pause},
};

/// A caller waits so long between two posts, so that a small machine has room for what is measured.
const PACE: Duration = Duration::from_millis(4);
/// And so long after one that was not accepted.
const AGAIN: Duration = Duration::from_millis(50);
/// A caller waits no longer for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Namespaces, which are the ordering keys.
const NAMESPACES: u64 = 8;

/// An event that was answered with 202.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// Which node answered.
    pub node: usize,
    /// When.
    pub at: Instant,
    /// How long it took from the first try.
    pub took: Duration,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    nodes: Mutex<Vec<Api>>,
    accepted: Mutex<Vec<Accepted>>,
    refused: Mutex<Vec<String>>,
    in_vain: AtomicUsize,
}

/// Callers that post until they are told to stop.
pub struct Load {
    shared: Arc<Shared>,
    callers: Vec<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Load {
    /// So many callers, each beginning with another of the nodes. Ids begin with `name`.
    pub fn start(name: &str, callers: usize, nodes: Vec<Api>) -> Self {
        let shared = Arc::new(Shared { nodes: Mutex::new(nodes), ..Shared::default() });
        let callers = (0..callers).map(|caller| {
            let (shared, name) = (Arc::clone(&shared), format!("{name}-{caller}"));
            thread::spawn(move || shared.post(&name, caller))
        });
        Self { callers: callers.collect(), shared }
    }

    /// What has been accepted so far.
    pub fn accepted(&self) -> Vec<Accepted> {
        lock(&self.shared.accepted).clone()
    }

    /// How many have been accepted so far.
    pub fn count(&self) -> usize {
        lock(&self.shared.accepted).len()
    }

    /// How many a node has accepted so far.
    pub fn count_of(&self, node: usize) -> usize {
        lock(&self.shared.accepted).iter().filter(|accepted| accepted.node == node).count()
    }

    /// How many posts were answered with an error of the server's, or not at all.
    pub fn in_vain(&self) -> usize {
        self.shared.in_vain.load(SeqCst)
    }

    /// From now on a node is reached here.
    pub fn moved(&self, node: usize, api: Api) {
        lock(&self.shared.nodes)[node] = api;
    }

    /// Ends it: what was accepted, in the order of the answers. No event was refused.
    #[track_caller]
    pub fn stop(self) -> Vec<Accepted> {
        self.shared.stop.store(true, SeqCst);
        for caller in self.callers {
            caller.join().expect("a caller ends");
        }
        let refused = lock(&self.shared.refused);
        assert!(refused.is_empty(), "{} refused, such as {}", refused.len(), refused[0]);
        std::mem::take(&mut *lock(&self.shared.accepted))
    }
}

impl Shared {
    fn post(&self, name: &str, caller: usize) {
        let mut number = 0_u64;
        while !self.stop.load(SeqCst) {
            let id = format!("{name}-{number}");
            let event = json!({"id": id, "type": "order.paid", "namespace": format!("n{}", number % NAMESPACES),
                "data": {"number": number}});
            let (call, began) = (Call::new("POST", "/v1/events").json(&event), now());
            let mut turn = caller + usize::try_from(number).unwrap_or(0);
            loop {
                let nodes = lock(&self.nodes).clone();
                let node = turn % nodes.len();
                match nodes[node].try_send_within(&call, PATIENCE) {
                    Ok(answer) if answer.status == 202 => {
                        let accepted = Accepted { id: id.clone(), node, at: now(), took: began.elapsed() };
                        lock(&self.accepted).push(accepted);
                        break;
                    }
                    Ok(answer) if answer.status >= 500 => {}
                    Ok(answer) => {
                        let words = String::from_utf8_lossy(&answer.body).into_owned();
                        lock(&self.refused).push(format!("{id}: {} {words}", answer.status));
                        break;
                    }
                    Err(_) => {}
                }
                self.in_vain.fetch_add(1, SeqCst);
                if self.stop.load(SeqCst) {
                    // Nothing was promised.
                    return;
                }
                turn += 1;
                pause(AGAIN);
            }
            number += 1;
            pause(PACE);
        }
    }
}
