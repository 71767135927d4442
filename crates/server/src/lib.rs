//! Bellwire server.

pub mod egress;
