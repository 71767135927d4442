//! Sessions: browsers that logged in, and the links that let them (spec console, "Login").
//!
//! Who takes part: a [`Session`] acts as the key that opened it, with everything that key may do and nothing else;
//! a [`Link`] opens one without the key being typed anywhere, once or (a portal's) until it expires. Both are
//! recognised by the [`TokenHash`] of a token that only their holder has.
//!
//! How rows move: a log-in inserts a session, and takes the link away if it was for once, in one transaction, so that
//! of two who open it at the same moment one gets in. A log-out removes the session; what has expired is swept. A key
//! that is revoked or expires ends its sessions and links with it, without a row being touched.
mod commands;
mod model;

use std::future::Future;

use bellwire_wire::Timestamp;

pub use commands::{
    LoggedIn, MadePortalLink, NewLink, NewPortal, console_link, log_in, log_out, make_link, make_portal_link, redeem,
};
pub use model::{LINK_LASTS, Link, OWNER_LINK_LASTS, PORTAL_LASTS, SESSION_LASTS, Session, TokenHash};

use super::Key;
use crate::Stored;

/// Rows of sessions and links.
pub trait Rows: super::Rows {
    /// Inserts a session.
    fn session_insert(&mut self, session: &Session) -> impl Future<Output = Stored<()>> + Send;
    /// The session of this token, in whatever workspace: it is the token that names it.
    fn session(&mut self, hash: &TokenHash) -> impl Future<Output = Stored<Option<Session>>> + Send;
    /// Removes a session; whether it was there.
    fn session_delete(&mut self, hash: &TokenHash) -> impl Future<Output = Stored<bool>> + Send;

    /// Inserts a link.
    fn link_insert(&mut self, link: &Link) -> impl Future<Output = Stored<()>> + Send;
    /// The link of this token, in whatever workspace.
    fn link(&mut self, hash: &TokenHash) -> impl Future<Output = Stored<Option<Link>>> + Send;
    /// Takes a link away; whether it was still there. Of several who do it at once one is told so.
    fn link_take(&mut self, hash: &TokenHash) -> impl Future<Output = Stored<bool>> + Send;

    /// Removes at most `limit` sessions and as many links that expired before `now`; how many.
    fn sessions_sweep(&mut self, now: Timestamp, limit: u32) -> impl Future<Output = Stored<usize>> + Send;

    /// The owner key of the deployment.
    fn owner_key(&mut self) -> impl Future<Output = Stored<Option<Key>>> + Send;
}
