//! Gives every workspace and endpoint its turn.
//!
//! One task owns all lanes, so nothing here is locked. It waits for messages and for the earliest
//! time that some lane is to be woken; then it starts what may start, workspace by workspace and
//! endpoint by endpoint, and claims from disk for lanes that have room.
mod supply;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use bellwire_domain::{
    Effect,
    delivery::{Claimed, EndpointRef, Gate, PARKED},
};
use bellwire_wire::{EndpointId, Timestamp, WorkspaceId};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) use supply::{ClaimedFor, Reloaded};

use super::{
    Message, Parts,
    attempt::attempt,
    gauge::Gauges,
    lane::{Finished, Lane, Next},
    settler::Item,
};

/// Turns taken before messages are looked at again.
const TURNS_MAX: usize = 256;
/// Lanes that are kept although nothing is in them, because something is due later.
const LANES_MAX: usize = 50_000;

#[derive(Default)]
struct Share {
    lanes: VecDeque<EndpointId>,
    in_flight: usize,
    in_ring: bool,
}

pub(super) struct Dispatcher {
    parts: Arc<Parts>,
    gauges: Arc<Gauges>,
    inbox: mpsc::UnboundedSender<Message>,
    settler: mpsc::UnboundedSender<Item>,
    stop: CancellationToken,
    tasks: TaskTracker,
    lanes: HashMap<EndpointId, Lane>,
    /// Endpoints being looked up.
    loading: HashMap<EndpointId, bool>,
    /// Lanes that wait for their claim.
    claims: VecDeque<EndpointRef>,
    claiming: usize,
    ring: VecDeque<WorkspaceId>,
    shares: HashMap<WorkspaceId, Share>,
    timers: BinaryHeap<Reverse<(Timestamp, EndpointRef)>>,
    in_flight: usize,
    /// When the next sweep may begin; nothing while one is under way.
    next_sweep: Arc<Mutex<Option<Instant>>>,
    /// Nodes that share every endpoint's limits, this one included.
    nodes: u32,
}

impl Dispatcher {
    pub(super) fn new(
        parts: Arc<Parts>,
        gauges: Arc<Gauges>,
        inbox: mpsc::UnboundedSender<Message>,
        settler: mpsc::UnboundedSender<Item>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            parts,
            gauges,
            inbox,
            settler,
            stop,
            tasks: TaskTracker::new(),
            lanes: HashMap::new(),
            loading: HashMap::new(),
            claims: VecDeque::new(),
            claiming: 0,
            ring: VecDeque::new(),
            shares: HashMap::new(),
            timers: BinaryHeap::new(),
            in_flight: 0,
            next_sweep: Arc::new(Mutex::new(Some(Instant::now()))),
            nodes: 1,
        }
    }

    pub(super) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut batch = Vec::with_capacity(TURNS_MAX);
        let mut sweep = tokio::time::interval(self.parts.sweep_every);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // At the start everything that is owed gets its timer, however late it is due.
        self.sweep(Timestamp::MAX);
        self.nodes = self.parts.store.nodes();
        sweep.reset();
        let stop = self.stop.clone();
        while !stop.is_cancelled() {
            let now = self.parts.clock.now();
            self.wake(now);
            self.turns(now);
            let timer = self.timers.peek().map(|Reverse((at, _))| self.parts.clock.instant(*at));
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                _ = messages.recv_many(&mut batch, TURNS_MAX), if self.ring.is_empty() || self.is_full() => {}
                () = sleep_until(timer), if timer.is_some() => {}
                _ = sweep.tick() => self.upkeep(),
                // Turns are left: look at messages without waiting for one.
                () = std::future::ready(()), if !self.ring.is_empty() && !self.is_full() => {
                    while batch.len() < TURNS_MAX && let Ok(message) = messages.try_recv() {
                        batch.push(message);
                    }
                }
            }
            for message in batch.drain(..) {
                self.hear(message);
            }
        }
        self.finish(messages).await;
    }

    /// Starts nothing new, gives back what waits, and stays until what is in flight has ended.
    async fn finish(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        for lane in self.lanes.values_mut() {
            lane.gauge.set_direct(false);
            for claimed in lane.drain() {
                drop(self.settler.send(Item::Release(Box::new(claimed))));
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
        while let Ok(message) = messages.try_recv() {
            match message {
                Message::Committed(effects) => {
                    for effect in effects {
                        if let Effect::Leased(claimed) = effect {
                            drop(self.settler.send(Item::Release(claimed)));
                        }
                    }
                }
                Message::Claimed(ClaimedFor { found: Ok((claimed, _)), .. }) => {
                    for claimed in claimed {
                        drop(self.settler.send(Item::Release(Box::new(claimed))));
                    }
                }
                _ => {}
            }
        }
    }

    fn is_full(&self) -> bool {
        self.in_flight >= self.parts.max_in_flight
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Committed(effects) => effects.into_iter().for_each(|effect| self.committed(effect)),
            Message::Claimed(claimed) => self.claimed(claimed),
            Message::Reloaded(reloaded) => self.reloaded(*reloaded),
            Message::Finished(finished) => self.finished(&finished),
            Message::Settled(due) => due.into_iter().for_each(|due| self.due(due.at, due.due)),
            Message::Swept(due) => due.into_iter().for_each(|(at, due)| self.due(at, due)),
        }
    }

    fn committed(&mut self, effect: Effect) {
        match effect {
            Effect::Leased(claimed) => {
                let at = claimed.endpoint.at.clone();
                match self.lanes.get_mut(&at.endpoint_id) {
                    Some(lane) => lane.push(*claimed, self.parts.transport.policy()),
                    // Its lane went while it was on its way.
                    None => drop(self.settler.send(Item::Release(claimed))),
                }
                self.enqueue(&at);
            }
            Effect::Due(at) => self.due(at, Timestamp::EPOCH),
            Effect::EndpointChanged(at) => self.load(at, true),
            Effect::Missed => {
                let all: Vec<EndpointRef> = self.lanes.values().map(|lane| lane.endpoint.at.clone()).collect();
                for at in all {
                    self.load(at, true);
                }
            }
            Effect::Appended(_)
            | Effect::KeysChanged(_)
            | Effect::JobQueued
            | Effect::Touched(..)
            | Effect::TouchedElsewhere(..) => {}
        }
    }

    /// Something of an endpoint is due at a time.
    fn due(&mut self, at: EndpointRef, due: Timestamp) {
        if due == PARKED {
            return;
        }
        if due > self.parts.clock.now() {
            self.arm(at, due);
            return;
        }
        match self.lanes.get_mut(&at.endpoint_id) {
            Some(lane) => {
                lane.look();
                self.enqueue(&at);
            }
            None => self.load(at, false),
        }
    }

    /// Gives a lane its place in the ring of turns.
    fn enqueue(&mut self, at: &EndpointRef) {
        let Some(lane) = self.lanes.get_mut(&at.endpoint_id) else { return };
        if lane.in_ring {
            return;
        }
        lane.in_ring = true;
        let share = self.shares.entry(at.workspace_id.clone()).or_default();
        share.lanes.push_back(at.endpoint_id.clone());
        if !share.in_ring {
            share.in_ring = true;
            self.ring.push_back(at.workspace_id.clone());
        }
    }

    /// Starts what may start: one delivery per workspace and turn, one per endpoint and round.
    fn turns(&mut self, now: Timestamp) {
        // No workspace may hold more than half of what may be in flight while others wait.
        let share_max = self.parts.max_in_flight.div_ceil(2).max(1);
        for _ in 0..TURNS_MAX {
            if self.is_full() {
                break;
            }
            let Some(workspace) = self.ring.pop_front() else { break };
            let Some(share) = self.shares.get_mut(&workspace) else { continue };
            if share.in_flight >= share_max && !self.ring.is_empty() {
                self.ring.push_back(workspace);
                continue;
            }
            let Some(endpoint) = share.lanes.pop_front() else {
                share.in_ring = false;
                continue;
            };
            if self.turn(&workspace, &endpoint, now)
                && let Some(share) = self.shares.get_mut(&workspace)
            {
                share.lanes.push_back(endpoint);
            }
            match self.shares.get_mut(&workspace) {
                Some(share) if share.lanes.is_empty() => share.in_ring = false,
                Some(_) => self.ring.push_back(workspace),
                None => {}
            }
        }
        self.start_claims(now);
    }

    /// One lane's turn; whether it may have another.
    fn turn(&mut self, workspace: &WorkspaceId, endpoint: &EndpointId, now: Timestamp) -> bool {
        let Some(lane) = self.lanes.get_mut(endpoint) else { return false };
        let next = lane.next(now);
        let shut = matches!(lane.breaker.gate(now), Gate::Shut(_));
        if shut || !lane.endpoint.sends() {
            lane.gauge.set_direct(false);
        }
        if lane.wants_claim(now).is_some() {
            lane.claiming = true;
            self.claims.push_back(lane.endpoint.at.clone());
        }
        match next {
            Next::Start(claimed) => {
                self.start(workspace, endpoint, *claimed);
                true
            }
            Next::Release(claimed) => {
                lane.look();
                drop(self.settler.send(Item::Release(claimed)));
                true
            }
            Next::Wait(at) => {
                lane.in_ring = false;
                let endpoint = lane.endpoint.at.clone();
                self.arm(endpoint, at);
                false
            }
            Next::Idle => {
                lane.in_ring = false;
                false
            }
        }
    }

    fn start(&mut self, workspace: &WorkspaceId, endpoint: &EndpointId, claimed: Claimed) {
        let Some(lane) = self.lanes.get(endpoint) else { return };
        self.in_flight += 1;
        if let Some(share) = self.shares.get_mut(workspace) {
            share.in_flight += 1;
        }
        metrics::histogram!("bellwire_delivery_lag_seconds").record(self.parts.clock.now().since(claimed.created_at));
        let (at, exempt) = (lane.endpoint.at.clone(), claimed.is_exempt());
        let work = attempt(Arc::clone(&self.parts), Arc::clone(&lane.endpoint), lane.target.clone(), claimed);
        let (inbox, settler) = (self.inbox.clone(), self.settler.clone());
        self.tasks.spawn(async move {
            let outcome = work.await;
            drop(inbox.send(Message::Finished(Finished { at, answer: outcome.answer, exempt })));
            drop(settler.send(Item::Outcome(Box::new(outcome))));
        });
    }

    fn finished(&mut self, finished: &Finished) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(share) = self.shares.get_mut(&finished.at.workspace_id) {
            share.in_flight = share.in_flight.saturating_sub(1);
        }
        let now = self.parts.clock.now();
        if let Some(lane) = self.lanes.get_mut(&finished.at.endpoint_id) {
            lane.finished(finished, now);
            self.enqueue(&finished.at);
        }
    }

    /// Wakes a lane at a time, if nothing wakes it before.
    fn arm(&mut self, at: EndpointRef, when: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&at.endpoint_id) {
            if lane.wake_at.is_some_and(|earlier| earlier <= when) {
                return;
            }
            lane.wake_at = Some(when);
        }
        self.timers.push(Reverse((when, at)));
    }

    /// Wakes the lanes whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while let Some(Reverse((when, _))) = self.timers.peek()
            && *when <= now
            && let Some(Reverse((when, at))) = self.timers.pop()
        {
            match self.lanes.get_mut(&at.endpoint_id) {
                Some(lane) if lane.wake_at == Some(when) => {
                    lane.wake_at = None;
                    lane.look();
                    self.enqueue(&at);
                }
                // An earlier timer did its work.
                Some(_) => {}
                None => self.load(at, false),
            }
        }
    }

    /// Looks for everything that is due soon, tells the metrics, and forgets idle lanes.
    fn upkeep(&mut self) {
        let soon = self.parts.clock.now().after(self.parts.sweep_every * 2);
        self.sweep(soon);
        let nodes = self.parts.store.nodes();
        if nodes != self.nodes {
            self.nodes = nodes;
            self.lanes.values_mut().for_each(|lane| lane.share(nodes));
        }
        let crowded = self.lanes.len() > LANES_MAX;
        let gauges = &self.gauges;
        let (mut open, mut queued) = (0_u32, 0_usize);
        self.lanes.retain(|id, lane| {
            open += u32::from(lane.breaker.open().is_some());
            queued += lane.queued();
            let keep = !lane.is_idle()
                || lane.in_ring
                || (lane.wake_at.is_some() && !crowded)
                || (lane.gauge.is_direct() && !crowded);
            if !keep {
                lane.gauge.set_direct(false);
                gauges.close(id);
            }
            keep
        });
        self.shares.retain(|_, share| share.in_ring || share.in_flight > 0);
        metrics::gauge!("bellwire_breakers_open").set(open);
        metrics::gauge!("bellwire_deliveries_queued").set(count(queued));
        metrics::gauge!("bellwire_deliveries_held").set(count(gauges.held()));
        metrics::gauge!("bellwire_deliveries_in_flight").set(count(self.in_flight));
    }
}

/// A count as a metric.
fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Sleeps until an instant; for ever if there is none.
async fn sleep_until(instant: Option<tokio::time::Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
