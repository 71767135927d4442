//! What the engine's errors mean for a command.
use bellwire_domain::StoreError;
use rusqlite::ErrorCode;

/// Full disks are told apart: they pass without a restart.
pub(crate) fn from_sqlite(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Unavailable(error.to_string()),
        _ if error.to_string().contains("disk is full") => StoreError::Full,
        _ => StoreError::Broken(error.to_string()),
    }
}
