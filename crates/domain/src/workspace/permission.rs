//! What a key may do (spec conventions, "Keys").
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One thing a key may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Permission { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Permission {
            /// All there are, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

permissions! {
    /// Post custom events.
    EventsWrite = "events:write",
    /// Post what `exec`, `watch` and hooks report.
    EventsReport = "events:report",
    /// Post built-in types; they are marked with their reporter.
    EventsImpersonate = "events:impersonate",
    /// List, poll and stream events.
    EventsRead = "events:read",
    /// Manage endpoints and their deliveries.
    WebhooksManage = "webhooks:manage",
    /// Manage wallets.
    WalletsManage = "wallets:manage",
    /// Spend from wallets.
    WalletsSpend = "wallets:spend",
    /// Ask for approval.
    ApprovalsRequest = "approvals:request",
    /// Decide approvals.
    ApprovalsDecide = "approvals:decide",
    /// Manage policies.
    PoliciesManage = "policies:manage",
    /// Read files.
    FilesRead = "files:read",
    /// Write files.
    FilesWrite = "files:write",
    /// Run commands.
    Exec = "exec",
    /// Report usage.
    LedgerWrite = "ledger:write",
    /// Read receipts and periods.
    LedgerRead = "ledger:read",
    /// Call model providers.
    GatewayUse = "gateway:use",
    /// Manage agents and providers.
    GatewayManage = "gateway:manage",
    /// Manage sources and rules.
    ReactorManage = "reactor:manage",
    /// Create and revoke keys.
    KeysManage = "keys:manage",
    /// Read the audit log.
    AuditRead = "audit:read",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|permission| permission.as_str()).collect();
            format!("`{text}` is not a permission; known are {}", names.join(", "))
        })
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// Everything.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether `permission` is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The set without `permission`.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !(1 << permission as u32))
    }

    /// Whether every permission here is also in `other`.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The permissions, in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | 1 << permission as u32))
    }
}
