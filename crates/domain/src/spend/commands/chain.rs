//! A wallet and those above it, read and written together.
use bellwire_wire::{WalletId, WorkspaceId};

use crate::{
    Ctx, Stored,
    spend::{Rows, Wallet, rules},
};

/// A wallet and those above it, each in its present period. One of them may have seen a later day before the
/// clock was set back: then that is the day for all of them, so that what is counted is counted in one.
pub(super) async fn standing<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    wallet: &WalletId,
) -> Stored<Vec<Wallet>> {
    let mut chain = rows.chain(workspace, wallet).await?;
    let now = rules::counted_at(&chain, ctx.now);
    for wallet in &mut chain {
        wallet.roll(now);
    }
    Ok(chain)
}

pub(super) async fn save<R: Rows>(rows: &mut R, chain: &[Wallet]) -> Stored<()> {
    for wallet in chain {
        rows.account_save(wallet).await?;
    }
    Ok(())
}
