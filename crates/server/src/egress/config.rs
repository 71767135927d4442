//! The settings of the door.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::policy::AddressPolicy;

/// The settings of the door.
#[derive(Debug, Clone)]
pub struct EgressConfig {
    /// Where it leads.
    pub policy: AddressPolicy,
    /// Further certificate authorities to trust, PEM.
    pub ca_files: Vec<PathBuf>,
    /// Answers that come before DNS, by lower-case name. They are judged like any other.
    pub hosts: HashMap<String, Vec<IpAddr>>,
    /// Name servers to ask instead of the system's.
    pub nameservers: Vec<SocketAddr>,
    /// Idle HTTP/1 connections kept per scheme, host and port.
    pub idle_per_host_max: usize,
    /// Idle HTTP/1 connections kept in all.
    pub idle_total_max: usize,
    /// How long a connection may lie idle; below the 60 s and more after which common servers
    /// close it themselves.
    pub idle_timeout: Duration,
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            policy: AddressPolicy::default(),
            ca_files: Vec::new(),
            hosts: HashMap::new(),
            nameservers: Vec::new(),
            idle_per_host_max: 64,
            idle_total_max: 1024,
            idle_timeout: Duration::from_secs(30),
        }
    }
}
