//! Keeps this node known, follows the database's clock, makes partitions ahead of time, drops old ones,
//! and gives back what nodes held that are gone.
use std::{
    sync::{Arc, atomic::Ordering, mpsc},
    time::Duration,
};

use bellwire_domain::Stored;
use bellwire_wire::Timestamp;
use postgres::Client;
use tokio::sync::oneshot;

use super::{proof, shared::Shared};

/// How often a node shows that it is there.
const TICK: Duration = Duration::from_secs(1);
/// Advisory locks of nodes: this class, and the node's id.
const NODE_LOCK: i32 = 0x6265_6c6c;
/// Leases that end so soon are looked at when a node is gone: none is longer.
const LEASE_MAX_MICROS: i64 = 15 * 60 * 1_000_000;
/// Ticks before a connection may tell that other nodes are gone.
const BURIES_AFTER: u32 = 5;
/// Ticks between two looks at the partitions.
const PARTITIONS_EVERY: u32 = 60;

/// What the keeper is asked for.
pub(super) enum Request {
    /// To drop whole partitions of what is older.
    Drop(Timestamp, oneshot::Sender<Stored<(usize, Timestamp)>>),
}

pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) requests: mpsc::Receiver<Request>,
}

impl Keeper {
    /// Runs until the store closes. `client` is the connection the node was announced on.
    pub(super) fn run(self, client: Client) {
        let mut client = Some(client);
        // Ticks on this connection.
        let mut ticks: u32 = 0;
        loop {
            let request = match self.requests.recv_timeout(TICK) {
                Ok(request) => Some(request),
                Err(mpsc::RecvTimeoutError::Timeout) => None,
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            };
            if client.as_ref().is_none_or(Client::is_closed) {
                ticks = 0;
                client = self
                    .shared
                    .address
                    .connect()
                    .and_then(|mut client| {
                        announce(&mut client, self.shared.node)?;
                        Ok(client)
                    })
                    .ok();
            }
            let Some(connected) = client.as_mut() else {
                self.shared.answers(false);
                if let Some(Request::Drop(_, answer)) = request {
                    drop(
                        answer
                            .send(Err(bellwire_domain::StoreError::Unavailable("the database does not answer".into()))),
                    );
                }
                continue;
            };
            ticks = ticks.wrapping_add(1);
            match self.tick(connected, request, ticks) {
                Ok(()) => self.shared.answers(true),
                Err(error) => {
                    tracing::warn!(error = super::words(&error), "the database could not be kept in order yet");
                    // With the connection go its locks, whatever it held.
                    client = None;
                }
            }
        }
        if let Some(mut client) = client {
            drop(client.execute("DELETE FROM nodes WHERE id = $1", &[&self.shared.node]));
        }
    }

    fn tick(&self, client: &mut Client, request: Option<Request>, ticks: u32) -> Result<(), postgres::Error> {
        if let Some(Request::Drop(before, answer)) = request {
            let dropped = self.shared.partitions.drop_older(client, before);
            let told = dropped.as_ref().map(|dropped| *dropped);
            drop(answer.send(told.map_err(|error| bellwire_domain::StoreError::Broken(super::words(error)))));
            return dropped.map(drop);
        }
        self.shared.clock.adjust(client)?;
        if client.execute("UPDATE nodes SET seen_at = now() WHERE id = $1", &[&self.shared.node])? == 0 {
            // Others took it for gone.
            announce(client, self.shared.node)?;
        }
        count(&self.shared, client)?;
        if ticks.is_multiple_of(PARTITIONS_EVERY) {
            ahead(&self.shared, client)?;
            proof::sweep(client)?;
        }
        // After an outage the others need a moment to show that they are there.
        if ticks > BURIES_AFTER { bury(client, self.shared.node) } else { Ok(()) }
    }
}

/// Makes a node known; its session holds the lock of its id from here on.
pub(super) fn announce(client: &mut Client, node: i64) -> Result<(), postgres::Error> {
    client.execute("SELECT pg_advisory_lock($1, $2)", &[&NODE_LOCK, &short(node)])?;
    client
        .execute("INSERT INTO nodes (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()", &[&node])
        .map(drop)
}

/// Counts the nodes that are there: one that is paused counts until its leases have run out.
pub(super) fn count(shared: &Shared, client: &mut Client) -> Result<(), postgres::Error> {
    let others = client.query_one(
        "SELECT count(*) FROM nodes WHERE id <> $1 AND seen_at > now() - interval '35 seconds'",
        &[&shared.node],
    )?;
    let others = u32::try_from(others.get::<_, i64>(0)).unwrap_or(u32::MAX - 1);
    shared.nodes.store(others + 1, Ordering::Release);
    metrics::gauge!("bellwire_nodes").set(others + 1);
    Ok(())
}

/// Makes the partitions of now and of the next two spans.
pub(super) fn ahead(shared: &Shared, client: &mut Client) -> Result<(), postgres::Error> {
    let now = shared.clock.now().micros();
    shared.partitions.make(client, now, now + 2 * shared.partitions.width())
}

/// Gives back what nodes held whose session is gone: without it their leases would have to run out.
fn bury(client: &mut Client, me: i64) -> Result<(), postgres::Error> {
    let silent = client
        .query("SELECT id FROM nodes WHERE id <> $1 AND seen_at < now() - interval '3 seconds' ORDER BY id", &[&me])?;
    for row in &silent {
        let node: i64 = row.get(0);
        let lock = [NODE_LOCK, short(node)];
        if !client.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&lock[0], &lock[1]])?.get::<_, bool>(0) {
            // Only slow: its leases run out by themselves.
            continue;
        }
        let given = give_back(client, node);
        client.execute("SELECT pg_advisory_unlock($1, $2)", &[&lock[0], &lock[1]])?;
        let given = given?;
        tracing::info!(node, deliveries = given, "a node is gone; what it held is due again");
    }
    Ok(())
}

/// Pull leases are promises to receivers and outlive the node.
fn give_back(client: &mut Client, node: i64) -> Result<u64, postgres::Error> {
    let given = client.execute(
        "UPDATE deliveries SET due_at = LEAST(due_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint), leased_by = NULL
         WHERE endpoint_id IN (SELECT id FROM endpoints WHERE kind = 'push' AND deleted_at IS NULL)
           AND status = 0 AND leased_by = $1
           AND due_at <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $2",
        &[&node, &LEASE_MAX_MICROS],
    )?;
    client.execute("UPDATE publishers SET leased_by = NULL, leased_until = NULL WHERE leased_by = $1", &[&node])?;
    client.execute("DELETE FROM nodes WHERE id = $1", &[&node])?;
    Ok(given)
}

/// Ids of nodes are small enough to be a lock's second half.
fn short(node: i64) -> i32 {
    i32::try_from(node).unwrap_or(i32::MAX)
}
