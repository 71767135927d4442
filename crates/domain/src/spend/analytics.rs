//! What is asked about spending (spec spend, "Analytics").
use std::str::FromStr;

use bellwire_wire::{Namespace, Timestamp, WalletId};

/// By what spending is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Who was paid.
    Vendor,
    /// Which wallet paid.
    Wallet,
    /// Which agent bought.
    Agent,
    /// What kind it was.
    Category,
}

/// How long the steps of a course of time are, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Bucket {
    /// Its length in microseconds.
    pub const fn micros(self) -> i64 {
        match self {
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }

    /// When the one begins that `at` lies in.
    pub const fn start(self, at: Timestamp) -> Timestamp {
        Timestamp::from_micros(at.micros() - at.micros().rem_euclid(self.micros()))
    }
}

impl FromStr for Bucket {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "minute" => Ok(Self::Minute),
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            _ => Err("must be minute, hour or day"),
        }
    }
}

/// Which spending is asked about.
#[derive(Debug, Clone, Default)]
pub struct SpendFilter {
    /// Only this namespace's.
    pub namespace: Option<Namespace>,
    /// Only from this wallet itself.
    pub wallet_id: Option<WalletId>,
    /// Only after this.
    pub since: Option<Timestamp>,
    /// Only at or before this.
    pub until: Option<Timestamp>,
}

/// One part of what was spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The vendor, wallet, agent or category; absent for what has none.
    pub name: Option<String>,
    /// Spent less what came back, in nano-dollars: of many wallets it may be more than one can hold.
    pub nanos: i128,
    /// Purchases.
    pub count: u64,
}

/// One step in the course of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When it begins.
    pub at: Timestamp,
    /// Spent less what came back, in nano-dollars.
    pub nanos: i128,
    /// Purchases.
    pub count: u64,
}
