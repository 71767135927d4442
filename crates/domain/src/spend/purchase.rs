//! Purchases and the holds they may begin as: one row from the first grant to the last refund.
use bellwire_wire::{EventId, HoldId, Namespace, PurchaseId, RefundId, Timestamp, UsdNanos, WalletId, WorkspaceId};
use serde_json::value::RawValue;
use ulid::Ulid;

/// Bits of a purchase's id that say nothing.
const DICE_BITS: u32 = 70;

/// How far a purchase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseStatus {
    /// Its amount is set aside.
    Held,
    /// It was recorded, or captured.
    Succeeded,
    /// Its hold was released by whoever made it.
    Voided,
    /// Its hold was released because vendor or network failed.
    Failed,
    /// Its hold released itself, or nobody approved it in time.
    Expired,
    /// Its amount is set aside, and it waits for approval.
    Pending,
    /// It was not approved.
    Denied,
    /// Nobody could be asked.
    Undeliverable,
    /// The question was taken back.
    Cancelled,
}

impl PurchaseStatus {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Succeeded,
        Self::Voided,
        Self::Failed,
        Self::Expired,
        Self::Pending,
        Self::Denied,
        Self::Undeliverable,
        Self::Cancelled,
    ];

    /// The name in the API of purchases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Succeeded => "succeeded",
            Self::Voided => "voided",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::Undeliverable => "undeliverable",
            Self::Cancelled => "cancelled",
        }
    }

    /// The name in the API of holds.
    pub const fn as_hold(self) -> &'static str {
        match self {
            Self::Succeeded => "captured",
            other => other.as_str(),
        }
    }
}

impl std::str::FromStr for PurchaseStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text || status.as_hold() == text)
            .ok_or("must be held, succeeded, voided, failed, expired, pending, denied, undeliverable or cancelled")
    }
}

/// What is to be bought, checked for form.
#[derive(Debug, Clone)]
pub struct Order {
    /// How much; more than nothing.
    pub amount: UsdNanos,
    /// Who is paid.
    pub vendor: String,
    /// What for.
    pub description: String,
    /// What kind.
    pub category: Option<String>,
    /// For people.
    pub memo: Option<String>,
    /// How it is paid.
    pub rail: Option<String>,
    /// In which run of the agent.
    pub run_id: Option<String>,
    /// Which agent buys.
    pub agent_id: Option<String>,
    /// For programs.
    pub metadata: Option<Box<RawValue>>,
}

/// A purchase.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// Its place among all purchases, in order of their grants.
    pub seq: i64,
    /// Its id.
    pub id: PurchaseId,
    /// The hold that it is or was.
    pub hold_id: Option<HoldId>,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's.
    pub namespace: Option<Namespace>,
    /// The wallet that pays.
    pub wallet_id: WalletId,
    /// What was asked for.
    pub order: Order,
    /// How far it is.
    pub status: PurchaseStatus,
    /// What was paid.
    pub captured: UsdNanos,
    /// What of it came back.
    pub refunded: UsdNanos,
    /// Whether it is play money.
    pub sandbox: bool,
    /// When it was granted.
    pub created_at: Timestamp,
    /// When a hold releases itself.
    pub expires_at: Option<Timestamp>,
    /// When it succeeded or ended otherwise.
    pub ended_at: Option<Timestamp>,
    /// What went wrong: a code and a sentence.
    pub error: Option<(String, String)>,
}

impl Purchase {
    /// Whether a hold should have released itself by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.status == PurchaseStatus::Held && self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether its amount is set aside.
    pub fn is_open(&self) -> bool {
        matches!(self.status, PurchaseStatus::Held | PurchaseStatus::Pending)
    }

    /// The id of the purchase with this number. It says the number (its milliseconds in place of the ULID's time, the
    /// rest of its microseconds before the dice), so that it finds the row without an index of ids.
    pub fn id_of(seq: i64, dice: Ulid) -> PurchaseId {
        let micros = u64::try_from(seq).unwrap_or(0);
        let random = (u128::from(micros % 1_000) << DICE_BITS) | (dice.random() & ((1 << DICE_BITS) - 1));
        PurchaseId::from_ulid(Ulid::from_parts(micros / 1_000, random))
    }

    /// The number that an id says. Ids were once dice alone: whose row this is says the row.
    pub fn number_in(id: &PurchaseId) -> Option<i64> {
        let ulid = Ulid::from_string(id.as_str().strip_prefix(PurchaseId::PREFIX)?).ok()?;
        let rest = u64::try_from(ulid.random() >> DICE_BITS).ok()?;
        i64::try_from(ulid.timestamp_ms().checked_mul(1_000)?.checked_add(rest)?).ok()
    }

    /// What may still be refunded.
    pub fn refundable(&self) -> UsdNanos {
        self.captured.checked_sub(self.refunded).unwrap_or(UsdNanos::ZERO)
    }
}

/// How a purchase is named: by itself, or by the hold it began as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurchaseRef {
    /// `pur_…`.
    Purchase(PurchaseId),
    /// `hld_…`.
    Hold(HoldId),
}

impl std::str::FromStr for PurchaseRef {
    type Err = bellwire_wire::IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(hold) => Ok(Self::Hold(hold)),
            Err(_) => text.parse().map(Self::Purchase),
        }
    }
}

/// A refund.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Its place among all refunds.
    pub seq: i64,
    /// Its id.
    pub id: RefundId,
    /// Of which purchase.
    pub purchase_id: PurchaseId,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// How much.
    pub amount: UsdNanos,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// Money that moved for good, as analytics see it: spent, or, if negative, come back.
#[derive(Debug, Clone)]
pub struct Charge<'a> {
    /// The event that told of it.
    pub event_id: &'a EventId,
    /// The purchase.
    pub purchase: &'a Purchase,
    /// How much.
    pub amount: UsdNanos,
    /// When.
    pub at: Timestamp,
}

/// Which purchases are asked for.
#[derive(Debug, Clone, Default)]
pub struct PurchaseFilter {
    /// Only this namespace's.
    pub namespace: Option<Namespace>,
    /// Only from this wallet.
    pub wallet_id: Option<WalletId>,
    /// Only with this status.
    pub status: Option<PurchaseStatus>,
    /// Only by this agent.
    pub agent_id: Option<String>,
    /// Only from this vendor.
    pub vendor: Option<String>,
    /// Only granted after this.
    pub since: Option<Timestamp>,
    /// Only granted at or before this.
    pub until: Option<Timestamp>,
    /// Only those that began as holds.
    pub holds_only: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_its_number_and_no_two_are_alike() {
        for seq in [0, 1, 999, 1_000, 1_795_298_400_123_456, 281_474_976_710_655_999] {
            let ids = [0, u128::MAX].map(|dice| Purchase::id_of(seq, Ulid::from(dice)));
            assert_ne!(ids[0], ids[1]);
            assert_eq!(ids.map(|id| Purchase::number_in(&id)), [Some(seq); 2]);
        }
        let later = Purchase::id_of(1_795_298_400_123_457, Ulid::nil());
        assert!(later.as_str() > Purchase::id_of(1_795_298_400_123_456, Ulid::from(u128::MAX)).as_str());
    }

    #[test]
    fn the_greatest_numbers_and_any_other_id_are_not_mistaken() {
        assert_ne!(Purchase::number_in(&Purchase::id_of(i64::MAX, Ulid::nil())), Some(i64::MAX));
        assert!(Purchase::number_in(&PurchaseId::from_ulid(Ulid::from(u128::MAX))).is_some_and(|number| number > 0));
    }
}
