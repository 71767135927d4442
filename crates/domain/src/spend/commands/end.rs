//! The end of a hold: captured, voided, failed or expired, whichever comes first. Keeps I3.
use bellwire_wire::{UsdNanos, WorkspaceId};

use super::{
    buy::{Receipt, succeed},
    chain::{save, standing},
    judge,
};
use crate::{
    Ctx, Stored, event,
    spend::{
        Charge, Purchase, PurchaseRef, PurchaseStatus, Rows, Wallet,
        events::{FailedData, VoidedData, tell},
    },
    workspace::{Principal, audit},
};

/// How a hold is to end.
#[derive(Debug, Clone)]
pub enum EndHold {
    /// So much of it is paid, or all; the rest is released.
    Capture(Option<UsdNanos>),
    /// It is released.
    Void,
    /// It is released since vendor or network failed: a code and a sentence.
    Fail(String, String),
}

/// What became of a hold.
#[derive(Debug, Clone)]
pub enum Ended {
    /// It ended so.
    Done(Receipt),
    /// There is no such hold, as far as the key may know.
    Unknown,
    /// It had ended before.
    Before(Purchase),
    /// More was to be captured than is held.
    Exceeds(Purchase),
}

/// Ends a hold, if nothing else did before.
pub async fn end_hold<R>(rows: &mut R, ctx: &Ctx, by: &Principal, id: &PurchaseRef, end: EndHold) -> Stored<Ended>
where
    R: Rows + event::Log + audit::Rows,
{
    rows.money_stands();
    let found = rows.purchase(by.workspace(), id).await?;
    // An agent ends no other agent's holds.
    let owns = |hold: &Purchase| by.key.agent_id.is_none() || by.key.agent_id == hold.order.agent_id;
    let Some(hold) = found.filter(|hold| hold.hold_id.is_some() && by.sees(hold.namespace.as_ref()) && owns(hold))
    else {
        return Ok(Ended::Unknown);
    };
    if hold.is_overdue(ctx.now) {
        return finish(rows, ctx, hold, End::Expire).await.map(|receipt| Ended::Before(receipt.purchase));
    }
    if hold.status != PurchaseStatus::Held {
        return Ok(Ended::Before(hold));
    }
    let end = match end {
        EndHold::Capture(amount) => match amount.unwrap_or(hold.order.amount) {
            amount if amount > hold.order.amount => return Ok(Ended::Exceeds(hold)),
            amount => End::Capture(amount),
        },
        EndHold::Void => End::Void,
        EndHold::Fail(code, message) => End::Fail(code, message),
    };
    finish(rows, ctx, hold, end).await.map(Ended::Done)
}

/// Releases at most `limit` holds whose time is up, of one workspace if named; how many.
pub async fn release_overdue<R>(rows: &mut R, ctx: &Ctx, workspace: Option<&WorkspaceId>, limit: u32) -> Stored<usize>
where
    R: Rows + event::Log + audit::Rows,
{
    rows.money_stands();
    let mut released = 0;
    for (workspace, id) in rows.holds_overdue(workspace, ctx.now, limit).await? {
        if let Some(hold) = rows.purchase(&workspace, &id).await?.filter(|hold| hold.is_overdue(ctx.now)) {
            finish(rows, ctx, hold, End::Expire).await?;
            released += 1;
        }
    }
    Ok(released)
}

pub(super) enum End {
    Capture(UsdNanos),
    Void,
    Fail(String, String),
    Expire,
    /// It was not approved: how it stands now, a code and a sentence.
    Refuse(PurchaseStatus, &'static str, String),
}

/// Ends a hold that is one still. It was granted: no freeze, limit or cut keeps it from being captured, and
/// what is captured was set aside in every wallet above.
pub(super) async fn finish<R>(rows: &mut R, ctx: &Ctx, mut hold: Purchase, end: End) -> Stored<Receipt>
where
    R: Rows + event::Log + audit::Rows,
{
    let mut chain = standing(rows, ctx, &hold.workspace_id, &hold.wallet_id).await?;
    for wallet in &mut chain {
        wallet.account.release(hold.order.amount);
        if let End::Capture(amount) = &end {
            wallet.account.spend(*amount);
        }
    }
    let counted = hold.counts();
    hold.ended_at = Some(ctx.now);
    match end {
        End::Capture(amount) => {
            let event_id = succeed(rows, ctx, &mut hold, &mut chain, amount).await?;
            if !hold.sandbox {
                rows.charged(&Charge { event_id: &event_id, purchase: &hold, amount, at: ctx.now }).await?;
            }
        }
        End::Void => {
            hold.status = PurchaseStatus::Voided;
            tell_voided(rows, ctx, &chain, &hold).await?;
        }
        End::Expire => {
            hold.status = PurchaseStatus::Expired;
            tell_voided(rows, ctx, &chain, &hold).await?;
        }
        End::Fail(code, message) => {
            hold.status = PurchaseStatus::Failed;
            tell_failed(rows, ctx, &chain, &hold, &code, &message).await?;
            hold.error = Some((code, message));
        }
        End::Refuse(status, code, message) => {
            hold.status = status;
            tell_voided(rows, ctx, &chain, &hold).await?;
            if status != PurchaseStatus::Cancelled {
                tell_failed(rows, ctx, &chain, &hold, code, &message).await?;
            }
            hold.error = Some((code.to_owned(), message));
        }
    }
    judge::count(rows, &chain, &hold, counted).await?;
    rows.purchase_save(&hold).await?;
    save(rows, &chain).await?;
    Ok(Receipt { purchase: hold, chain, approval: None })
}

async fn tell_failed<R>(
    rows: &mut R,
    ctx: &Ctx,
    chain: &[Wallet],
    hold: &Purchase,
    code: &str,
    message: &str,
) -> Stored<()>
where
    R: event::Log,
{
    let data = FailedData {
        wallet_id: hold.wallet_id.as_str(),
        error_code: code,
        error_message: message,
        vendor: &hold.order.vendor,
        amount_usd: hold.order.amount,
        transaction_id: hold.id.as_str(),
        hold_id: hold.hold_id.as_ref().map(AsRef::as_ref),
        agent_id: hold.order.agent_id.as_deref(),
        sandbox: hold.sandbox,
    };
    tell(rows, ctx, &chain[0], "purchase.failed", &data).await.map(drop)
}

async fn tell_voided<R>(rows: &mut R, ctx: &Ctx, chain: &[Wallet], hold: &Purchase) -> Stored<()>
where
    R: event::Log,
{
    let data = VoidedData {
        wallet_id: hold.wallet_id.as_str(),
        transaction_id: hold.id.as_str(),
        amount_usd: hold.order.amount,
        vendor: &hold.order.vendor,
        hold_id: hold.hold_id.as_ref().map(AsRef::as_ref),
        reason: hold.status.as_str(),
        sandbox: hold.sandbox,
    };
    tell(rows, ctx, &chain[0], "purchase.voided", &data).await.map(drop)
}
