//! The dice: ids, secrets, jitter.
use std::sync::{Mutex, PoisonError};

use bellwire_domain::Mint;
use rand::{Rng, SeedableRng, rngs::StdRng};
use ulid::Ulid;

use crate::clock::Clock;

/// A number that tells this start of this process from those of all other nodes: 1 to 2^31 - 1.
#[expect(clippy::disallowed_methods, reason = "told apart by chance, before there are dice")]
pub fn node_id() -> i64 {
    i64::from(rand::rng().next_u32() >> 1).max(1)
}

/// Random ids and secrets; ids rise inside a process. Seeded, it repeats itself.
pub struct Dice {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    random: StdRng,
    last: Ulid,
}

impl Dice {
    /// Dice seeded by the system.
    pub fn random(clock: Clock) -> Self {
        let mut seed = [0_u8; 32];
        #[expect(clippy::disallowed_methods, reason = "these are the dice")]
        rand::rng().fill_bytes(&mut seed);
        Self::seeded(clock, seed)
    }

    /// Dice that always fall the same way.
    pub fn seeded(clock: Clock, seed: [u8; 32]) -> Self {
        Self { clock, state: Mutex::new(State { random: StdRng::from_seed(seed), last: Ulid::from(0) }) }
    }
}

impl Mint for Dice {
    fn ulid(&self) -> Ulid {
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or(0);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Ulid::from_parts(
            millis,
            u128::from(state.random.next_u64()) << 16 | u128::from(state.random.next_u32() & 0xffff),
        );
        // Inside one millisecond, and when the clock steps back, ids go on from the last.
        let next = if fresh.timestamp_ms() > state.last.timestamp_ms() {
            fresh
        } else {
            Ulid::from(u128::from(state.last) + 1)
        };
        state.last = next;
        next
    }

    fn random(&self, bytes: &mut [u8]) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).random.fill_bytes(bytes);
    }

    fn roll(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).random.next_u32() % 1_000_000
    }
}
