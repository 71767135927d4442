//! Spending: wallets whose budgets are walls.
//!
//! Who takes part: a [`Wallet`] is what people set ([`WalletCard`]) and how it stands ([`Account`]); wallets
//! form trees. A [`Purchase`] is granted by [`grant`], at once or as a hold that [`end_hold`] captures, voids
//! or fails, or that releases itself; [`refund`] gives some of it back. [`Limits`] say how fast.
//!
//! How rows move: a grant takes its amount from the wallet and from every wallet above it, in one
//! transaction, or from none (keeps I2). An [`Account`] has two sums, `spent` in the present period and `held`;
//! a hold is in `held` from its grant until it ends, once (keeps I3), whatever periods pass meanwhile. A
//! refund lowers `spent` only while the period is still the purchase's. A period never comes back. A
//! refusal is a value, and writes what it counts.
//!
//! Every change appends its event in the same transaction; this slice meets deliveries nowhere else. Money
//! that moved for good is a [`Charge`]: analytics are sums of those.
mod analytics;
mod caps;
mod commands;
mod events;
mod limits;
mod pulse;
mod purchase;
mod replay;
mod rows;
mod rules;
mod wallet;
mod window;

pub use analytics::{Bucket, Point, Share, SpendFilter, Split};
pub use caps::{Cap, Denial};
pub use commands::{
    Asked, Asking, Buyer, CreateWallet, Created, EndHold, Ended, Evaluated, Receipt, Refunded, Refusal, Shortage,
    UpdateWallet, Updated, create_wallet, end_hold, evaluate, grant, refund, release_overdue, update_wallet,
};
pub use limits::{Breach, Limits, MINUTE, Nanos, OnBreach, Repeat, Rule, Spike, Watch};
pub use pulse::{HISTORY_MINUTES, Pulse, Rate, Told, usual};
pub use purchase::{Charge, Order, Purchase, PurchaseFilter, PurchaseRef, PurchaseStatus, Refund};
pub use replay::{Flip, Recorded, Replay, Tally, Was};
pub use rows::Rows;
pub use wallet::{
    Account, DEPTH_MAX, THRESHOLDS_MAX, Terms, Wallet, WalletCard, WalletFilter, WalletStatus, spendable,
};
pub use window::{Period, Window, WindowKind};

pub use crate::Zone;
