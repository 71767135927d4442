//! Bellwire server.
