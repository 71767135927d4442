//! Bellwire wire.
