//! What can be done with wallets: look, decide, write, append the event.
mod ask;
mod buy;
mod chain;
mod end;
mod evaluate;
mod judge;
mod refund;
mod wallet;
mod watch;

pub use ask::{Asked, Asking, Buyer};
pub use buy::{Receipt, Refusal, Shortage, grant};
pub use end::{EndHold, Ended, end_hold, release_overdue};
pub use evaluate::{Evaluated, evaluate};
pub use refund::{Refunded, refund};
pub use wallet::{CreateWallet, Created, UpdateWallet, Updated, create_wallet, update_wallet};
