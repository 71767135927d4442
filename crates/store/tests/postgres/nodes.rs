//! Two nodes on one database.
