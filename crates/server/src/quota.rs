//! How many requests a key may make in a second, so that one client that runs away leaves room for the others. Each node
//! counts for itself; what is told to clients are the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-10).
use std::{num::NonZeroU32, time::Duration};

use bellwire_wire::KeyId;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// What every key may do, and what it did of late.
pub struct Quotas {
    per_second: NonZeroU32,
    keys: RateLimiter<KeyId, DashMapStateStore<KeyId>, DefaultClock, StateInformationMiddleware>,
    clock: DefaultClock,
}

/// How a key stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    per_second: u32,
    left: u32,
}

impl Quotas {
    /// So many requests a second for each key, and as many at once.
    pub fn new(per_second: NonZeroU32) -> Self {
        let keys = RateLimiter::dashmap(Quota::per_second(per_second)).with_middleware();
        Self { per_second, keys, clock: DefaultClock::default() }
    }

    /// Counts a request of a key.
    ///
    /// # Errors
    /// How long to wait, if it may not make one now.
    pub fn admit(&self, key: &KeyId) -> (Standing, Result<(), Duration>) {
        let per_second = self.per_second.get();
        match self.keys.check_key(key) {
            Ok(state) => (Standing { per_second, left: state.remaining_burst_capacity() }, Ok(())),
            Err(until) => (Standing { per_second, left: 0 }, Err(until.wait_time_from(self.clock.now()))),
        }
    }

    /// Forgets keys that have all of their quota again.
    pub fn forget_idle(&self) {
        self.keys.retain_recent();
        self.keys.shrink_to_fit();
    }
}

impl Standing {
    /// Writes it into the fields of an answer: the whole quota is back within a second.
    pub fn tell(self, headers: &mut HeaderMap) {
        let Self { per_second, left } = self;
        let fields = [(POLICY, format!("\"key\";q={per_second};w=1")), (STANDING, format!("\"key\";r={left};t=1"))];
        for (name, text) in fields {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_quota() {
        let quotas = Quotas::new(NonZeroU32::new(3).unwrap());
        let [one, other] =
            ["key_01K3NDXEXM0000000000000001", "key_01K3NDXEXM0000000000000002"].map(|id| id.parse().unwrap());
        let left: Vec<u32> = (0..3).map(|_| quotas.admit(&one).0.left).collect();
        assert_eq!(left, [2, 1, 0]);
        let (standing, refused) = quotas.admit(&one);
        let wait = refused.expect_err("its three are used up");
        assert!(standing.left == 0 && wait <= Duration::from_secs(1), "{standing:?}, {wait:?}");
        assert_eq!(quotas.admit(&other), (Standing { per_second: 3, left: 2 }, Ok(())));
    }

    #[test]
    fn it_is_told_as_structured_fields() {
        let mut headers = HeaderMap::new();
        Standing { per_second: 500, left: 499 }.tell(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=500;w=1");
        assert_eq!(headers["ratelimit"], "\"key\";r=499;t=1");
    }
}
