//! Nodes on one database, receivers that count, and what must be true at the end.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use bellwire_e2e::{
    Accepted, Api, Engine, Load, Receiver, Reply, Server, Setup, eventually_within,
    postgres::{Database, Private},
};
use serde_json::json;

/// How long what was accepted may take to arrive: only spent in failure.
const ARRIVES: Duration = Duration::from_mins(2);
/// Callers that post all the time.
const CALLERS: usize = 4;

/// Nodes, their database, and two endpoints for `order.*`: one that fails now and then, and one that
/// wants the events of each namespace in their order.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Server>,
    pub(crate) plain: Receiver,
    pub(crate) ordered: Receiver,
    pub(crate) database: Arc<Database>,
    /// The server of the database, if it is this test's own.
    pub(crate) server: Option<Private>,
}

impl Cluster {
    /// On the server that the tests share.
    #[track_caller]
    pub(crate) fn start(nodes: usize) -> Self {
        Self::on(Arc::new(Database::create()), None, nodes, &Setup::default())
    }

    /// On a server of its own.
    #[track_caller]
    pub(crate) fn start_apart(nodes: usize) -> Self {
        let server = Private::start();
        Self::on(Arc::new(Database::create_on(&server.address)), Some(server), nodes, &Setup::default())
    }

    /// The first node has more in its environment, the others have not.
    #[track_caller]
    pub(crate) fn with_first(first: &Setup, nodes: usize) -> Self {
        Self::on(Arc::new(Database::create()), None, nodes, first)
    }

    #[track_caller]
    fn on(database: Arc<Database>, server: Option<Private>, nodes: usize, first: &Setup) -> Self {
        let plain = Receiver::scripted(|_, nth| Reply::Status(if nth % 50 == 49 { 500 } else { 200 }));
        let mut cluster = Self { nodes: Vec::new(), plain, ordered: Receiver::ok(), database, server };
        cluster.nodes.push(cluster.another(first.clone()));
        for _ in 1..nodes {
            cluster.nodes.push(cluster.another(Setup::default()));
        }
        let schedule = json!({"schedule": vec!["1s"; 20]});
        for (receiver, ordered) in [(&cluster.plain, false), (&cluster.ordered, true)] {
            let form = json!({"url": receiver.url(), "events": ["order.*"], "ordered": ordered, "retry": schedule,
                "timeout_ms": 500});
            cluster.api(0).post("/v1/webhooks", &form).expect(201);
        }
        cluster
    }

    /// One more node, which is not yet part of the load.
    #[track_caller]
    pub(crate) fn another(&self, setup: Setup) -> Server {
        Setup { engine: self.engine(), ..setup }.start()
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::Database(Arc::clone(&self.database))
    }

    pub(crate) fn api(&self, node: usize) -> Api {
        self.nodes[node].api()
    }

    /// Posts to all nodes.
    pub(crate) fn load(&self, name: &str) -> Load {
        Load::start(name, CALLERS, self.nodes.iter().map(Server::api).collect())
    }

    /// Ends the load and checks everything; `what` is for the line it prints.
    #[track_caller]
    pub(crate) fn finish(&self, what: &str, load: Load) {
        let in_vain = load.in_vain();
        self.check(what, in_vain, &load.stop());
    }

    /// Everything accepted arrives, and the rows say so.
    #[track_caller]
    pub(crate) fn check(&self, what: &str, in_vain: usize, accepted: &[Accepted]) {
        let wanted: HashSet<&str> = accepted.iter().map(|accepted| accepted.id.as_str()).collect();
        assert_eq!(wanted.len(), accepted.len(), "each was accepted once");
        assert!(!wanted.is_empty(), "the load got through");
        let mut client = self.database.connect();
        let mut left = -1_i64;
        eventually_within(ARRIVES, "every delivery ends", || {
            let row = client.query_one("SELECT count(*) FROM deliveries WHERE status = 0", &[]).ok()?;
            left = row.get(0);
            (left == 0).then_some(())
        });
        let number = |sql: &str| self.database.number(sql);
        let events = number("SELECT count(*) FROM events WHERE type = 'order.paid'");
        assert_eq!(events, number("SELECT count(DISTINCT id) FROM events WHERE type = 'order.paid'"), "none twice");
        assert_eq!(number("SELECT count(*) FROM deliveries WHERE status = 1 AND type = 'order.paid'"), 2 * events);
        assert_eq!(number("SELECT count(*) FROM deliveries WHERE status <> 1 AND type = 'order.paid'"), 0);
        let rows = self.database.rows("SELECT id, namespace FROM events WHERE type = 'order.paid' ORDER BY seq");
        let stored: HashSet<&str> = rows.iter().map(|row| row.get(0)).collect();
        let missing: Vec<_> = wanted.iter().filter(|id| !stored.contains(*id)).collect();
        assert!(missing.is_empty(), "{} of {} accepted are not stored: {missing:?}", missing.len(), wanted.len());
        let mut repeated = [0; 2];
        for (receiver, repeated) in [&self.plain, &self.ordered].into_iter().zip(&mut repeated) {
            let got = receiver.event_ids();
            let distinct: HashSet<&str> = got.iter().map(String::as_str).collect();
            let missing = stored.iter().filter(|id| !distinct.contains(*id)).count();
            assert_eq!(missing, 0, "of {} stored events did not arrive", stored.len());
            *repeated = got.len() - distinct.len();
        }
        let mut order: HashMap<&str, Vec<&str>> = HashMap::new();
        for row in &rows {
            order.entry(row.get(1)).or_default().push(row.get(0));
        }
        let arrived = self.ordered.event_ids();
        for (namespace, wanted) in order {
            let of: HashSet<&str> = wanted.iter().copied().collect();
            let mut known = HashSet::new();
            let firsts: Vec<&str> =
                arrived.iter().map(String::as_str).filter(|id| of.contains(id) && known.insert(*id)).collect();
            assert_eq!(firsts, wanted, "the events of {namespace} arrive in their order");
        }
        let slowest = accepted.iter().map(|accepted| accepted.took).max().unwrap_or_default();
        // Each fiftieth request to the first of them is answered with 500, and repeated for it.
        let failed = self.plain.hits() / 50;
        println!(
            "{what}: {} accepted (the slowest after {} ms, {in_vain} posts in vain), duplicates: {} of {} and {} of {} in order",
            wanted.len(),
            slowest.as_millis(),
            repeated[0].saturating_sub(failed),
            self.plain.hits(),
            repeated[1],
            self.ordered.hits(),
        );
    }
}
