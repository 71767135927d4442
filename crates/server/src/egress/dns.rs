//! From a target to the addresses that may be dialled.
//!
//! The resolver is our own rather than the system's: `getaddrinfo` blocks a thread per look-up,
//! and slow DNS would then hold up every other connection. Names with a dot are asked for as they
//! are, without the system's search list; single labels keep it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use super::error::{DnsFailure, SendError};
use super::policy::AddressPolicy;
use super::target::Target;

/// Answers kept, both families of a name counted apart.
const CACHE_ENTRIES: u64 = 8192;
/// A name that was just created must not stay unknown for the hours its zone asks for.
const NEGATIVE_TTL_MAX: Duration = Duration::from_secs(30);
const POSITIVE_TTL_MAX: Duration = Duration::from_hours(1);
/// Per query; with one retry this leaves time in the default deadline of five seconds.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// Resolves and judges.
pub(super) struct Dns {
    resolver: TokioResolver,
    fixed: HashMap<String, Vec<IpAddr>>,
}

impl Dns {
    /// `fixed` answers come before DNS; without `nameservers` the system's are used.
    pub(super) fn new(fixed: HashMap<String, Vec<IpAddr>>, nameservers: &[SocketAddr]) -> Result<Self, String> {
        let mut builder = if nameservers.is_empty() {
            TokioResolver::builder_tokio().unwrap_or_else(|error| {
                tracing::warn!(%error, "no DNS configuration found; names will not resolve");
                builder_of(ResolverConfig::default())
            })
        } else {
            let servers = nameservers.iter().map(|address| server(*address)).collect();
            builder_of(ResolverConfig::from_parts(None, Vec::new(), servers))
        };
        set_options(builder.options_mut());
        let resolver = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { resolver, fixed })
    }

    /// The addresses of `target`, all of them allowed. One refused address refuses the target:
    /// a name that points both in and out is an attack or a mistake.
    pub(super) async fn resolve(&self, target: &Target, policy: &AddressPolicy) -> Result<Vec<SocketAddr>, SendError> {
        let addresses = self.look_up(target).await?;
        if policy.is_own(target) {
            return Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, target.port())).collect());
        }
        for address in &addresses {
            policy.check_ip(*address)?;
        }
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, target.port())).collect())
    }

    async fn look_up(&self, target: &Target) -> Result<Vec<IpAddr>, SendError> {
        if let Some(address) = target.literal_address() {
            return Ok(vec![address]);
        }
        let host = target.host();
        if let Some(addresses) = self.fixed.get(host) {
            return Ok(addresses.clone());
        }
        if target.is_localhost() {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let answer = if host.contains('.') {
            self.resolver.lookup_ip(format!("{host}.")).await
        } else {
            self.resolver.lookup_ip(host).await
        };
        let addresses: Vec<IpAddr> = answer.map_err(|error| SendError::Dns(failure(host, &error)))?.iter().collect();
        if addresses.is_empty() {
            return Err(SendError::Dns(DnsFailure::NoAddress(host.to_owned())));
        }
        Ok(addresses)
    }
}

type Builder = hickory_resolver::ResolverBuilder<TokioRuntimeProvider>;

fn builder_of(config: ResolverConfig) -> Builder {
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
}

fn server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

fn set_options(options: &mut ResolverOpts) {
    // Both families, always: an address that is not asked for is an address that is not checked.
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.cache_size = CACHE_ENTRIES;
    options.timeout = QUERY_TIMEOUT;
    options.attempts = 1;
    options.positive_max_ttl = Some(POSITIVE_TTL_MAX);
    options.negative_max_ttl = Some(NEGATIVE_TTL_MAX);
}

fn failure(host: &str, error: &NetError) -> DnsFailure {
    if error.is_nx_domain() {
        return DnsFailure::NoSuchHost(host.to_owned());
    }
    if error.is_no_records_found() {
        return DnsFailure::NoAddress(host.to_owned());
    }
    match error {
        NetError::Timeout | NetError::NoConnections | NetError::Io(_) => DnsFailure::Unanswered,
        other => DnsFailure::Other(other.to_string()),
    }
}
