//! What tells a runaway loop: equal purchases, and who was paid most.
use std::collections::BTreeMap;

use bellwire_domain::{Stored, spend::Bucket};
use bellwire_wire::{Timestamp, UsdNanos, WalletId, WorkspaceId};

use super::{purchase::PURCHASES, wallet::exact};
use crate::{
    Tx,
    args::{Row, args},
};

/// Columns of [`PURCHASES`]: the likeness, and when it was granted.
const LIKENESS: usize = 18;
const CREATED_AT: usize = 19;

/// What tells purchases of the same wallet, vendor and amount from all others, as good as always.
pub(super) fn likeness(wallet: &WalletId, vendor: &str, amount: UsdNanos) -> i64 {
    let mut hash = blake3::Hasher::new();
    hash.update(wallet.as_str().as_bytes()).update(&amount.nanos().to_le_bytes()).update(vendor.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    i64::from_le_bytes(first)
}

/// The minute that a number, or a moment, lies in.
pub(super) fn minute(micros: i64) -> i64 {
    micros.div_euclid(Bucket::Minute.micros())
}

impl Tx {
    pub(super) fn find_equal_back(
        &mut self,
        wallet: &WalletId,
        likeness: i64,
        depth: u32,
        since: Timestamp,
    ) -> Stored<Option<Timestamp>> {
        const BACK: &str = "SELECT created_at FROM purchases WHERE likeness = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2";
        let mut offset = depth.saturating_sub(1);
        if let Some(link) = self.postgres() {
            // Those that wait to be inserted are the newest: that is not to insert one by one.
            match link.waiting_back(&PURCHASES, (LIKENESS, likeness), offset, CREATED_AT) {
                Ok(at) => return Ok(Some(Timestamp::from_micros(at))),
                Err(waiting) => offset -= waiting,
            }
            let rows = link.query_beside(BACK, args![likeness, offset])?;
            return rows.first().map(|row| Row::Postgres(row).time(0)).transpose();
        }
        self.back_by_minutes(wallet, likeness, offset, since)
    }

    /// The same from the index that the embedded engine has, in which a wallet's purchases are by minute and then by
    /// likeness: two minutes at a time, which is as far as most wallets look back.
    fn back_by_minutes(
        &mut self,
        wallet: &WalletId,
        likeness: i64,
        mut offset: u32,
        since: Timestamp,
    ) -> Stored<Option<Timestamp>> {
        // A number is never less than the moment of its purchase, so none made since is before this minute.
        let oldest = minute(since.micros());
        let mut newest = minute(self.last_seq);
        if !self.cache.desk.recent.may_have(wallet, (oldest, newest), likeness, offset.saturating_add(1)) {
            return Ok(None);
        }
        loop {
            let found = self.query_one(
                "SELECT created_at FROM purchases WHERE seq =
                     (SELECT seq FROM purchases WHERE wallet_id = $1 AND seq / 60000000 = $2 AND likeness = $3
                      UNION ALL
                      SELECT seq FROM purchases WHERE wallet_id = $1 AND seq / 60000000 = $2 - 1 AND likeness = $3
                      ORDER BY seq DESC LIMIT 1 OFFSET $4)",
                args![wallet.as_str(), newest, likeness, offset],
                |row| row.time(0),
            )?;
            if found.is_some() || newest - 1 <= oldest {
                return Ok(found);
            }
            let counted = self.query_one(
                "SELECT COUNT(*) FROM purchases WHERE wallet_id = $1 AND seq / 60000000 IN ($2, $2 - 1)
                     AND likeness = $3",
                args![wallet.as_str(), newest, likeness],
                |row| row.small::<u32>(0),
            )?;
            offset = offset.saturating_sub(counted.unwrap_or(0));
            // Minutes in which the wallet bought nothing cost nothing.
            let before = self.query_one(
                "SELECT MAX(seq / 60000000) FROM purchases WHERE wallet_id = $1 AND seq / 60000000 < $2",
                args![wallet.as_str(), newest - 1],
                |row| row.opt_int(0),
            )?;
            match before.flatten().filter(|before| *before >= oldest) {
                Some(before) => newest = before,
                None => return Ok(None),
            }
        }
    }

    /// Who was paid most since a moment, to the minute. What is in hand is added to what rows say, not written first:
    /// every purchase of the commit would then be written by itself.
    pub(super) fn find_top_vendor(
        &mut self,
        workspace: &WorkspaceId,
        wallet: &WalletId,
        since: Timestamp,
    ) -> Stored<Option<String>> {
        let first = Bucket::Minute.start(since).micros();
        let last = Bucket::Minute.start(Timestamp::from_micros(self.last_seq)).micros();
        let rows = self.query(
            "WITH RECURSIVE up (at) AS (
                 SELECT CAST($2 AS BIGINT) UNION ALL SELECT at + 60000000 FROM up WHERE at < CAST($3 AS BIGINT))
             SELECT s.vendor, s.dollars, s.nanos FROM up CROSS JOIN spend_sums s
             WHERE s.workspace_id = $1 AND s.level = 0 AND s.at = up.at AND s.wallet_id = $4",
            args![workspace.as_str(), first, last, wallet.as_str()],
            |row| Ok((row.text(0)?, exact(row, 1)?)),
        )?;
        let mut paid: BTreeMap<String, i128> = BTreeMap::new();
        for (vendor, nanos) in rows.into_iter().chain(self.cache.desk.paid(workspace, wallet, first)) {
            *paid.entry(vendor).or_default() += nanos;
        }
        // Of equals the first by name.
        let top = paid.into_iter().rev().max_by_key(|(_, nanos)| *nanos);
        Ok(top.map(|(vendor, _)| vendor))
    }
}
