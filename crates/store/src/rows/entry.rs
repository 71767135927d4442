//! Money that moved for good. On the embedded engine a purchase that is paid when it is made is its own entry: its row
//! says what an entry would, and a second row would be one more statement for each. What is captured later, and what
//! comes back, has an entry.
use bellwire_domain::{
    Stored,
    spend::{Bucket, Charge, Purchase},
};
use bellwire_wire::{EventId, Namespace};

use super::sums::{DAYS, HOURS, MINUTES};
use crate::{
    Tx,
    args::args,
    desk::{Hour, Line, Sum},
    postgres::Bulk,
};

pub(super) static ENTRIES: Bulk = Bulk {
    place: 4,
    one: "INSERT INTO spend_entries (workspace_id, at, seq, namespace, wallet_id, purchase_id, event_id, nanos, count,
              vendor, category, agent_id, description)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    many: "INSERT INTO spend_entries (workspace_id, at, seq, namespace, wallet_id, purchase_id, event_id, nanos, count,
               vendor, category, agent_id, description)
           SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
};

/// The number of a purchase that is its own entry is its time in microseconds, or at most so much more: those of a span
/// of time are found by their numbers. One that waited longer to be written, or came when a clock was set back, has an
/// entry.
pub(super) const NUMBER_AHEAD_MAX: i64 = 1_000_000;

/// Purchases whose entries are written in one transaction.
const APART_STEP: u32 = 10_000;

impl Tx {
    /// Inserts a purchase, and counts what it paid if that was told already.
    pub(super) fn insert_paid(&mut self, purchase: &Purchase, told: Option<&EventId>) -> Stored<()> {
        let near = purchase.seq - purchase.created_at.micros() <= NUMBER_AHEAD_MAX;
        let own = told.filter(|_| near && self.postgres().is_none());
        self.insert_purchase(purchase, own)?;
        let Some(event_id) = told else { return Ok(()) };
        let charge = Charge { event_id, purchase, amount: purchase.captured, at: purchase.created_at };
        if own.is_none() {
            self.insert_entry(&charge)?;
        }
        self.count(&charge)
    }

    pub(super) fn insert_entry(&mut self, charge: &Charge<'_>) -> Stored<()> {
        let Charge { purchase, amount, at, .. } = charge;
        let order = &purchase.order;
        let count = i64::from(!amount.is_negative());
        // A purchase may be refunded many times, and at one moment.
        let seq = if count == 1 { purchase.seq } else { self.last_seq };
        self.insert(
            &ENTRIES,
            args![
                purchase.workspace_id.as_str(),
                *at,
                seq,
                purchase.namespace.as_ref().map(Namespace::as_str),
                purchase.wallet_id.as_str(),
                purchase.id.as_str(),
                charge.event_id.as_str(),
                amount.nanos(),
                count,
                &order.vendor,
                order.category.as_deref().unwrap_or_default(),
                order.agent_id.as_deref().unwrap_or_default(),
                &order.description
            ],
        )
    }

    /// Adds it to the sums that it belongs to.
    pub(super) fn count(&mut self, charge: &Charge<'_>) -> Stored<()> {
        let Charge { purchase, amount, at, .. } = charge;
        let order = &purchase.order;
        let sum = Sum {
            nanos: amount.nanos().into(),
            count: i64::from(!amount.is_negative()),
            namespace: purchase.namespace.as_ref().map(|namespace| namespace.as_str().to_owned()),
        };
        let line = |level, bucket: Bucket| Line {
            level,
            at: bucket.start(*at).micros(),
            workspace: purchase.workspace_id.clone(),
            wallet: purchase.wallet_id.clone(),
            vendor: order.vendor.clone(),
            category: order.category.clone().unwrap_or_default(),
            agent: order.agent_id.clone().unwrap_or_default(),
        };
        let marks = self.marks_in_hand(&purchase.workspace_id)?;
        let desk = &mut self.cache.desk;
        desk.add(line(MINUTES, Bucket::Minute), &sum);
        // What is over and added up is not added up again.
        let start = Bucket::Hour.start(*at).micros();
        if start < marks.hours.closing {
            desk.add(line(HOURS, Bucket::Hour), &sum);
            let (workspace, wallet) = (purchase.workspace_id.clone(), purchase.wallet_id.clone());
            desk.add_hour(Hour { at: start, workspace, wallet }, &sum);
        }
        if Bucket::Day.start(*at).micros() < marks.days.closing {
            desk.add(line(DAYS, Bucket::Day), &sum);
        }
        Ok(())
    }

    /// Writes entries for the next purchases after a number that are their own; up to which number, if there may be
    /// more. The other engine has every entry among entries.
    pub(crate) fn set_entries_apart(&mut self, after: i64) -> Stored<Option<i64>> {
        let until = self.query_one(
            "SELECT MAX(seq) FROM (SELECT seq FROM purchases WHERE seq > $1 ORDER BY seq LIMIT $2)",
            args![after, APART_STEP],
            |row| row.opt_int(0),
        )?;
        let Some(until) = until.flatten() else { return Ok(None) };
        self.execute(
            "INSERT INTO spend_entries (workspace_id, at, seq, namespace, wallet_id, purchase_id, event_id, nanos,
                 count, vendor, category, agent_id, description)
             SELECT workspace_id, created_at, seq, namespace, wallet_id, id, event_id, captured, 1, vendor,
                 COALESCE(category, ''), COALESCE(agent_id, ''), description
             FROM purchases WHERE seq > $1 AND seq <= $2 AND event_id IS NOT NULL",
            args![after, until],
        )?;
        self.execute(
            "UPDATE purchases SET event_id = NULL WHERE seq > $1 AND seq <= $2 AND event_id IS NOT NULL",
            args![after, until],
        )?;
        Ok(Some(until))
    }
}
