//! Workspaces: tenants, their namespaces, keys, and idempotent answers.
//!
//! Who takes part: a [`Workspace`] is a tenant; a [`Key`] speaks for it with a set of
//! [`Permission`]s, perhaps only inside one namespace; a [`Principal`] is a key that has been
//! checked, and the one place that says what it may see (keeps I11). An [`Actor`] is whoever does
//! something: a principal, or a person whom another system vouches for. A namespace comes into being
//! when a key that may use it names it first. A [`Saved`] answer makes a repeated request harmless.
//! What is decided, and who may do what, is told by the [`audit`] log. Browsers act as keys by a [`session`].
//!
//! How rows move: the first start inserts the workspace `default` and an owner key; keys are
//! inserted, used, revoked and never reused; saved answers are kept for a day and swept. A [`Sandbox`] is a workspace of
//! the playground: it goes after a day, row by row.
pub mod audit;
mod commands;
mod model;
mod permission;
mod rows;
mod sandbox;
pub mod session;

pub use commands::{
    CreateKey, CreatedKey, KeyRefusal, RevokedKey, bootstrap, create_key, create_workspace, delete_namespace,
    revoke_key,
};
pub use model::{Actor, Foreign, Key, KeyHash, KeyKind, Principal, Saved, Vouched, Workspace};
pub use permission::{Permission, Permissions};
pub use rows::Rows;
pub use sandbox::{
    CreatedSandbox, SANDBOX_LIFE, SANDBOX_NAME, SANDBOXES_A_MINUTE, SANDBOXES_MAX, Sandbox, create_sandbox,
    sweep_sandbox,
};
