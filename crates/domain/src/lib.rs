//! Bellwire domain.
