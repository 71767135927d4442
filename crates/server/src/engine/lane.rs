//! One endpoint's lane: what is queued in memory, what is in flight, how fast it may go.
use std::{collections::VecDeque, sync::Arc};

use bellwire_domain::delivery::{Answer, Breaker, Claimed, Endpoint, EndpointRef, Gate, Health, Pace, lease_is_short};
use bellwire_wire::Timestamp;

use super::gauge::Gauge;
use crate::egress::{AddressPolicy, Target, UrlError};

/// A request that ended, as far as its lane is concerned.
pub(super) struct Finished {
    pub(super) at: EndpointRef,
    pub(super) answer: Answer,
    pub(super) exempt: bool,
}

/// What a lane can do now.
pub(super) enum Next {
    /// Start this.
    Start(Box<Claimed>),
    /// Give this back: its lease is nearly over, or its endpoint no longer sends.
    Release(Box<Claimed>),
    /// Nothing before this time.
    Wait(Timestamp),
    /// Nothing until something happens.
    Idle,
}

#[expect(clippy::struct_excessive_bools, reason = "four independent facts about one lane")]
pub(super) struct Lane {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) target: Result<Target, UrlError>,
    pub(super) gauge: Arc<Gauge>,
    queue: VecDeque<Claimed>,
    /// Deliveries that neither breaker nor lowered rate holds up.
    exempt: VecDeque<Claimed>,
    in_flight: usize,
    pub(super) breaker: Breaker,
    pace: Pace,
    /// Nodes that share the endpoint's limits.
    nodes: u32,
    /// Something may be due on disk.
    pub(super) on_disk: bool,
    /// Something exempt may be due on disk.
    exempt_on_disk: bool,
    /// A claim is on its way.
    pub(super) claiming: bool,
    /// The lane has its place in the ring of turns.
    pub(super) in_ring: bool,
    /// The earliest time the lane is woken at.
    pub(super) wake_at: Option<Timestamp>,
}

impl Lane {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        health: &Health,
        gauge: Arc<Gauge>,
        policy: &AddressPolicy,
        nodes: u32,
        now: Timestamp,
    ) -> Self {
        let target = policy.check_url(endpoint.config.url.as_deref().unwrap_or_default());
        let pace = Pace::new(endpoint.config.rate_limit, nodes, now);
        let breaker = Breaker::restore(health.failures, health.open_until, health.opened);
        Self {
            endpoint,
            target,
            gauge,
            queue: VecDeque::new(),
            exempt: VecDeque::new(),
            in_flight: 0,
            breaker,
            pace,
            nodes,
            on_disk: true,
            exempt_on_disk: true,
            claiming: false,
            in_ring: false,
            wake_at: None,
        }
    }

    /// Takes a changed endpoint. One that is active again starts with a clean slate.
    pub(super) fn change(&mut self, endpoint: Arc<Endpoint>, health: &Health, policy: &AddressPolicy) {
        if endpoint.version < self.endpoint.version {
            // It was read before the change that is here already, and is being read again.
            return;
        }
        let reopened = health.open_until.is_none() && self.breaker.open().is_some();
        if reopened || endpoint.status != self.endpoint.status {
            self.breaker = Breaker::restore(health.failures, health.open_until, health.opened);
        }
        self.go_by(endpoint, policy);
        self.look();
    }

    fn go_by(&mut self, endpoint: Arc<Endpoint>, policy: &AddressPolicy) {
        if endpoint.config.url != self.endpoint.config.url {
            self.target = policy.check_url(endpoint.config.url.as_deref().unwrap_or_default());
        }
        self.pace.set_limit(endpoint.config.rate_limit, self.nodes);
        self.endpoint = endpoint;
    }

    /// Takes a new share of the endpoint's limits.
    pub(super) fn share(&mut self, nodes: u32) {
        self.nodes = nodes;
        self.pace.set_limit(self.endpoint.config.rate_limit, nodes);
    }

    /// Requests that may be in flight from this node.
    fn slots(&self) -> usize {
        usize::from(self.endpoint.config.max_in_flight).div_ceil(self.nodes.max(1) as usize)
    }

    /// Something may be due on disk: it is to be looked for.
    pub(super) fn look(&mut self) {
        self.on_disk = true;
        self.exempt_on_disk = true;
    }

    /// Takes what is to be sent.
    pub(super) fn push(&mut self, claimed: Claimed, policy: &AddressPolicy) {
        let ours = &self.endpoint;
        // What was accepted after a change goes by the change, though that is still being looked up: with the new
        // secret, to the new URL. Of another status the breaker has to be told, too, and a lane at rest sends nothing.
        if claimed.endpoint.version > ours.version && claimed.endpoint.status == ours.status {
            self.go_by(Arc::clone(&claimed.endpoint), policy);
        }
        if claimed.is_exempt() {
            self.exempt.push_back(claimed);
        } else {
            self.queue.push_back(claimed);
        }
    }

    /// Takes back everything that waits in memory.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Claimed> {
        let exempt = std::mem::take(&mut self.exempt);
        std::mem::take(&mut self.queue).into_iter().chain(exempt)
    }

    /// What to do next, and takes it.
    pub(super) fn next(&mut self, now: Timestamp) -> Next {
        if !self.endpoint.sends() {
            return self.pop().map_or(Next::Idle, |claimed| Next::Release(Box::new(claimed)));
        }
        let limit = self.slots();
        if self.in_flight >= limit {
            return Next::Idle;
        }
        if let Some(first) = self.exempt.front() {
            let short = lease_is_short(first, now);
            // The limit is the owner's word, and holds for everything.
            if !short && let Err(wait) = self.pace.take_exempt(now) {
                return Next::Wait(now.after(wait));
            }
            return match self.exempt.pop_front() {
                Some(claimed) if short => Next::Release(Box::new(claimed)),
                Some(claimed) => self.start(claimed),
                None => Next::Idle,
            };
        }
        match self.breaker.gate(now) {
            Gate::Shut(until) => {
                // What waits for the probe waits on disk.
                return self.queue.pop_front().map_or(Next::Wait(until), |claimed| Next::Release(Box::new(claimed)));
            }
            Gate::Probe if self.in_flight > 0 => return Next::Idle,
            Gate::Open | Gate::Probe => {}
        }
        let Some(first) = self.queue.front() else { return Next::Idle };
        if lease_is_short(first, now) {
            return self.queue.pop_front().map_or(Next::Idle, |claimed| Next::Release(Box::new(claimed)));
        }
        if let Err(wait) = self.pace.take(now) {
            return Next::Wait(now.after(wait));
        }
        match self.queue.pop_front() {
            Some(claimed) => {
                self.breaker.started(now);
                self.start(claimed)
            }
            None => Next::Idle,
        }
    }

    fn pop(&mut self) -> Option<Claimed> {
        self.exempt.pop_front().or_else(|| self.queue.pop_front())
    }

    fn start(&mut self, claimed: Claimed) -> Next {
        self.in_flight += 1;
        Next::Start(Box::new(claimed))
    }

    /// Notes how a request ended.
    pub(super) fn finished(&mut self, finished: &Finished, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if finished.exempt {
            return;
        }
        if finished.answer.overloaded() {
            self.pace.overloaded(now);
        }
        if finished.answer.succeeded() {
            self.pace.succeeded(now);
            self.breaker.succeeded();
        } else {
            self.breaker.failed(now);
        }
    }

    /// Whether to fetch what is due on disk, and if so whether only what is exempt.
    pub(super) fn wants_claim(&self, now: Timestamp) -> Option<bool> {
        if self.claiming || !self.endpoint.sends() {
            return None;
        }
        if matches!(self.breaker.gate(now), Gate::Shut(_)) {
            return self.exempt_on_disk.then_some(true);
        }
        let low = self.slots().min(64);
        (self.on_disk && self.queue.len() <= low).then_some(false)
    }

    /// Notes that a claim begins. What is heard from here on may come too late for it, so it is then
    /// that the lane forgets what it knew, not when the answer is there.
    pub(super) fn claim_begins(&mut self, exempt_only: bool) {
        self.claiming = true;
        self.exempt_on_disk = false;
        self.on_disk &= exempt_only;
    }

    /// Notes what a claim found: `all` if that was everything that was due.
    pub(super) fn claimed(&mut self, exempt_only: bool, all: bool) {
        self.claiming = false;
        self.exempt_on_disk |= !all;
        self.on_disk |= !all && !exempt_only;
    }

    /// How many to claim at once: one, to probe; else what keeps the lane busy while the next claim
    /// is under way.
    pub(super) fn claim_size(&self, now: Timestamp) -> usize {
        if self.breaker.gate(now) == Gate::Probe {
            return 1;
        }
        let busy = (self.slots() * 4).clamp(32, 256);
        // No more than what its rate lets go while a lease lasts.
        let rate = self.pace.rate().map_or(usize::MAX, |rate| usize::try_from(rate / 100).unwrap_or(usize::MAX));
        busy.min(rate.max(1))
    }

    /// Whether nothing is left to remember.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty()
            && self.exempt.is_empty()
            && self.in_flight == 0
            && !self.claiming
            && self.breaker == Breaker::default()
            && !self.pace.is_lowered()
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len() + self.exempt.len()
    }
}
