//! What became of a commit whose answer was lost.
//!
//! The status of its transaction tells whether it is still under way, or was undone. That it committed
//! is proven by what it wrote about itself: a database that crashed gives the numbers of transactions
//! whose traces were lost to others.
use postgres::{Client, error::SqlState};

/// A commit that was sent and not answered.
#[derive(Debug)]
pub(crate) struct Doubtful {
    transaction: String,
    /// Of its proof; none if it changed nothing.
    pub(super) number: Option<i64>,
}

impl Doubtful {
    pub(super) fn new(transaction: String) -> Self {
        Self { transaction, number: None }
    }
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Committed,
    Undone,
    NotYet,
    /// It was too long ago.
    Forgotten,
}

/// The proofs of one connection that writes.
#[derive(Debug)]
pub(crate) struct Proofs {
    node: i64,
    lane: i64,
    last: i64,
}

impl Proofs {
    pub(crate) fn new(node: i64, lane: i64) -> Self {
        Self { node, lane, last: 0 }
    }

    /// Has the transaction write the proof that it committed; its number.
    pub(crate) fn next(&mut self, sql: &mut String) -> i64 {
        self.last += 1;
        let Self { node, lane, last } = self;
        sql.push_str(&proof(*node, *lane, *last));
        *last
    }

    pub(crate) fn ended(&self, client: &mut Client, doubtful: &Doubtful) -> Result<Ended, postgres::Error> {
        let asked = client.query_one("SELECT pg_xact_status($1::text::xid8)", &[&doubtful.transaction]);
        if asked.as_ref().is_err_and(|error| error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE)) {
            // A number that nobody has had yet: a crash undid it without a trace.
            return Ok(Ended::Undone);
        }
        let asked = asked?;
        let status: Option<&str> = asked.get(0);
        // Only now: one statement's snapshot would be older than the status it asks for.
        let proof = "SELECT number FROM commits WHERE node = $1 AND lane = $2";
        let found: Option<i64> = client.query_opt(proof, &[&self.node, &self.lane])?.map(|row| row.get(0));
        Ok(match (status, doubtful.number) {
            // If it does not hold what this one wrote, another transaction was given its number.
            (Some("committed"), written) if written.is_none() || written == found => Ended::Committed,
            (Some("committed" | "aborted"), _) => Ended::Undone,
            (Some(_), _) => Ended::NotYet,
            (None, _) => Ended::Forgotten,
        })
    }
}

fn proof(node: i64, lane: i64, number: i64) -> String {
    format!(
        "INSERT INTO commits (node, lane, number) VALUES ({node}, {lane}, {number})
         ON CONFLICT (node, lane) DO UPDATE SET number = excluded.number, at = excluded.at;"
    )
}

/// Removes the proofs of nodes that are gone for good.
pub(super) fn sweep(client: &mut Client) -> Result<(), postgres::Error> {
    client.batch_execute(
        "DELETE FROM commits WHERE at < now() - interval '1 hour' AND node NOT IN (SELECT id FROM nodes)",
    )
}

#[cfg(test)]
mod tests {
    use bellwire_e2e::postgres::{Database, Private, Restart};

    use super::*;
    use crate::postgres::{MIGRATIONS, migrate::migrate};

    fn begin(client: &mut Client) -> String {
        client.batch_execute("BEGIN").expect("it answers");
        client.query_one("SELECT pg_current_xact_id()::text", &[]).expect("it answers").get(0)
    }

    #[test]
    fn a_commit_that_a_crash_undid_is_not_taken_for_another_that_was_given_its_number() {
        let server = Private::start();
        let database = Database::create_on(&server.address);
        let mut client = database.connect();
        migrate(&mut client, MIGRATIONS).expect("it migrates");
        client.batch_execute("CHECKPOINT").expect("it answers");
        let mut proofs = Proofs::new(1, 0);
        let (kept, _) = write(&mut client, &mut proofs);
        client.batch_execute("COMMIT").expect("it answers");
        assert_eq!(proofs.ended(&mut database.connect(), &kept).expect("it answers"), Ended::Committed);
        let (lost, number) = write(&mut client, &mut proofs);
        assert_eq!(proofs.ended(&mut database.connect(), &lost).expect("it answers"), Ended::NotYet);
        server.restart(Restart::Immediate);
        let mut client = database.connect();
        assert_eq!(proofs.ended(&mut client, &lost).expect("it answers"), Ended::Undone, "nobody has its number");
        while begin(&mut client) != number {
            client.batch_execute("COMMIT").expect("it answers");
        }
        client.batch_execute("COMMIT").expect("it answers");
        let status = client.query_one("SELECT pg_xact_status($1::text::xid8)", &[&number]).expect("it answers");
        assert_eq!(status.get::<_, &str>(0), "committed", "by its status it happened");
        assert_eq!(proofs.ended(&mut client, &lost).expect("it answers"), Ended::Undone);
    }

    /// Writes a proof, but does not commit; the number of the transaction too.
    fn write(client: &mut Client, proofs: &mut Proofs) -> (Doubtful, String) {
        let number = begin(client);
        let mut doubtful = Doubtful::new(number.clone());
        let mut sql = String::new();
        doubtful.number = Some(proofs.next(&mut sql));
        client.batch_execute(&sql).expect("it answers");
        (doubtful, number)
    }
}
