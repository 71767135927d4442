//! Bellwire store.
