//! What travels between Bellwire and everyone else: ids, times, money, the event envelope, the
//! dialects it is spoken in, and the signatures that let nobody have to believe it.
//!
//! Pure code: time is an argument, there is no I/O, no dice and no async. Keeps I9.
//!
//! ```
//! use bellwire_wire::{EndpointSecret, Scheme, Timestamp, sign, verify, verify::TOLERANCE};
//!
//! let secret = EndpointSecret::from_random(&[7; 48])?;
//! let (body, now) = (br#"{"type":"invoice.paid"}"#, Timestamp::from_seconds(1_795_298_462));
//! let headers = [
//!     ("webhook-id", "evt_1".to_owned()),
//!     ("webhook-timestamp", now.seconds().to_string()),
//!     ("webhook-signature", sign::standard_v1(secret.key(), "evt_1", now.seconds(), body)),
//! ];
//! let secrets = [secret.as_str()];
//! let verified = verify(Scheme::Standard, &secrets, &headers, body, now, TOLERANCE)?;
//! assert_eq!(verified.id.as_deref(), Some("evt_1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
pub mod catalog;
pub mod dialect;
pub mod event;
pub mod explain;
pub mod id;
pub mod json;
pub mod money;
mod named;
pub mod reserved;
pub mod secret;
pub mod sign;
pub mod time;
pub mod verify;

pub use dialect::Dialect;
pub use event::{Event, EventType, Namespace};
pub use explain::{Finding, explain};
pub use id::{
    ApprovalId, AttemptId, DeliveryId, EndpointId, EventId, HoldId, IdError, JobId, KeyId, PolicyId, PurchaseId,
    RefundId, RequestId, WalletId, WorkspaceId,
};
pub use money::{MoneyError, UsdNanos, UsdSum};
pub use reserved::{RESERVED_HEADERS, is_reserved_header};
pub use secret::{EndpointSecret, PublicKey, SecretError, SigningKey};
pub use sign::Outgoing;
pub use time::Timestamp;
pub use verify::{HeaderLookup, Scheme, SignatureError, Verified, verify};
