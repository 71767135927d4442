//! What the engine's errors mean for a command.
use bellwire_domain::StoreError;
use rusqlite::ErrorCode;

/// Full disks are told apart: they pass without a restart.
pub(crate) fn from_sqlite(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Unavailable(error.to_string()),
        // The index of the log could not grow.
        Some(_) if extended(error) == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full,
        _ if error.to_string().contains("disk is full") => StoreError::Full,
        _ => StoreError::Broken(error.to_string()),
    }
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}
