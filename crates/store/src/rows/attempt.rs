//! Attempts of deliveries.
use bellwire_domain::{
    StoreError, Stored,
    delivery::{AttemptRecord, Timing},
};
use bellwire_wire::AttemptId;

use crate::{
    Tx,
    args::{Row, args},
    postgres::Bulk,
};

// The number is counted here, not taken on trust: two nodes may have attempted at once. Of a delivery
// that was removed meanwhile nothing is kept.
pub(super) static ATTEMPTS: Bulk = Bulk {
    place: 2,
    one: "INSERT INTO attempts (delivery_seq, number, id, at, dns_us, connect_us, first_byte_us, total_us, remote,
              status_code, error, request_headers, response_headers, response_body, endpoint_version)
          SELECT $1, (SELECT COALESCE(MAX(number), 0) + 1 FROM attempts WHERE delivery_seq = $1),
              $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
          WHERE EXISTS (SELECT 1 FROM deliveries WHERE seq = $1)",
    many: "INSERT INTO attempts (delivery_seq, id, at, dns_us, connect_us, first_byte_us, total_us, remote,
               status_code, error, request_headers, response_headers, response_body, endpoint_version,
               number)
           SELECT n.seq, n.id, n.at, n.dns, n.connect, n.first, n.total, n.remote, n.status, n.error, n.request,
               n.response, n.body, n.version,
               (SELECT COALESCE(MAX(a.number), 0) FROM attempts a WHERE a.delivery_seq = n.seq)
                   + ROW_NUMBER() OVER (PARTITION BY n.seq ORDER BY n.place)
           FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY AS
               n (seq, id, at, dns, connect, first, total, remote, status, error, request, response, body, version,
                  place)
           WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.seq = n.seq)",
};

fn attempt(row: &Row<'_>) -> Stored<AttemptRecord> {
    Ok(AttemptRecord {
        id: row.with_text(0, AttemptId::from_stored)?,
        number: row.small(1)?,
        at: row.time(2)?,
        timing: Timing {
            dns_us: row.opt_small(3)?,
            connect_us: row.opt_small(4)?,
            first_byte_us: row.opt_small(5)?,
            total_us: row.small(6)?,
        },
        remote: row.opt_text(7)?,
        status_code: row.opt_small(8)?,
        error: row.opt_text(9)?,
        request_headers: row.json(10)?,
        response_headers: row.json(11)?,
        response_body: row.opt_text(12)?,
        endpoint_version: row.opt_small(13)?,
    })
}

impl Tx {
    pub(super) fn find_attempts(&mut self, delivery_seq: i64) -> Stored<Vec<AttemptRecord>> {
        self.query(
            "SELECT id, number, at, dns_us, connect_us, first_byte_us, total_us, remote, status_code, error,
                 request_headers, response_headers, response_body, endpoint_version
             FROM attempts WHERE delivery_seq = $1 ORDER BY number",
            args![delivery_seq],
            attempt,
        )
    }

    pub(super) fn insert_attempt(&mut self, delivery_seq: i64, attempt: &AttemptRecord) -> Stored<()> {
        let broken = |error: serde_json::Error| StoreError::Broken(error.to_string());
        let request = serde_json::to_string(&attempt.request_headers).map_err(broken)?;
        let response = serde_json::to_string(&attempt.response_headers).map_err(broken)?;
        self.insert(
            &ATTEMPTS,
            args![
                delivery_seq,
                attempt.id.as_str(),
                attempt.at,
                attempt.timing.dns_us,
                attempt.timing.connect_us,
                attempt.timing.first_byte_us,
                attempt.timing.total_us,
                attempt.remote.as_ref(),
                attempt.status_code,
                attempt.error.as_ref(),
                &request,
                &response,
                attempt.response_body.as_ref(),
                attempt.endpoint_version,
            ],
        )
    }
}
