//! What travels between Bellwire and everyone else: ids, times, money, the event envelope, the
//! dialects it is spoken in, and the signatures that let nobody have to believe it.
//!
//! Pure code: time is an argument, there is no I/O, no dice and no async. Keeps I9.
pub mod catalog;
pub mod dialect;
pub mod event;
pub mod explain;
pub mod id;
pub mod json;
pub mod money;
pub mod reserved;
pub mod secret;
pub mod sign;
pub mod time;
pub mod verify;

pub use dialect::Dialect;
pub use event::{Event, EventType, Namespace};
pub use explain::{Finding, explain};
pub use id::{
    AttemptId, DeliveryId, EndpointId, EventId, IdError, JobId, KeyId, RequestId, WorkspaceId,
};
pub use money::{MoneyError, UsdNanos};
pub use reserved::{RESERVED_HEADERS, is_reserved_header};
pub use secret::{EndpointSecret, PublicKey, SecretError, SigningKey};
pub use sign::Outgoing;
pub use time::Timestamp;
pub use verify::{HeaderLookup, Scheme, SignatureError, Verified, verify};
