//! What feeds the lanes: endpoints looked up, due deliveries claimed from disk, and the sweep that
//! finds everything due however quiet it is. Each runs beside the dispatcher and answers by message.
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use bellwire_domain::{
    Ctx, Origin, Stored,
    delivery::{self, Claim, Claimed, Endpoint, EndpointKind, EndpointRef, Gate, Health, PARKED, Rows},
};
use bellwire_wire::Timestamp;

use tokio::time::Instant;

use super::{Dispatcher, Message};
use crate::engine::lane::Lane;

/// What a claim brought.
pub(in crate::engine) struct ClaimedFor {
    at: EndpointRef,
    exempt_only: bool,
    asked: usize,
    pub(super) found: Stored<(Vec<Claimed>, Option<Timestamp>)>,
}

/// An endpoint as it is now; gone if it was deleted.
pub(in crate::engine) struct Reloaded {
    at: EndpointRef,
    found: Stored<Option<(Arc<Endpoint>, Health)>>,
}

/// Claims and reloads under way at once: they share the writer with everyone who posts events.
const CLAIMS_MAX: usize = 32;
/// A sweep takes at most one part in so many of the time.
const SWEEP_SHARE: u32 = 20;
/// Endpoints per page of the sweep.
const SWEEP_PAGE: u32 = 1_000;

impl Dispatcher {
    /// Looks an endpoint up. `again` if what is being looked up at this moment may be out of date.
    pub(super) fn load(&mut self, at: EndpointRef, again: bool) {
        if let Some(known) = self.loading.get_mut(&at.endpoint_id) {
            *known |= again;
            return;
        }
        self.loading.insert(at.endpoint_id.clone(), false);
        let (parts, inbox) = (Arc::clone(&self.parts), self.inbox.clone());
        self.tasks.spawn(async move {
            let wanted = at.clone();
            let found = parts
                .store
                .read("endpoint", move |tx| {
                    let at = wanted.clone();
                    Box::pin(async move {
                        let Some(endpoint) = tx.endpoint(&at).await? else { return Ok(None) };
                        let health = tx.health(&at).await?;
                        Ok(Some((endpoint, health)))
                    })
                })
                .await;
            drop(inbox.send(Message::Reloaded(Box::new(Reloaded { at, found }))));
        });
    }

    pub(super) fn reloaded(&mut self, reloaded: Reloaded) {
        let Reloaded { at, found } = reloaded;
        let again = self.loading.remove(&at.endpoint_id).unwrap_or(false);
        let policy = self.parts.transport.policy();
        match found {
            Ok(Some((endpoint, _))) if endpoint.config.kind == EndpointKind::Pull => self.expire(at.clone()),
            Ok(Some((endpoint, health))) => {
                let now = self.parts.clock.now();
                if let Some(lane) = self.lanes.get_mut(&at.endpoint_id) {
                    lane.change(endpoint, &health, policy);
                } else if endpoint.sends() {
                    let gauge = self.gauges.open(&at.endpoint_id);
                    self.lanes
                        .insert(at.endpoint_id.clone(), Lane::new(endpoint, &health, gauge, policy, self.nodes, now));
                }
                self.enqueue(&at);
            }
            Ok(None) => self.forget(&at),
            Err(error) => {
                tracing::warn!(%error, endpoint = %at.endpoint_id, "an endpoint could not be read yet");
            }
        }
        if again {
            self.load(at, false);
        }
    }

    /// Lets go of an endpoint that was deleted.
    pub(super) fn forget(&mut self, at: &EndpointRef) {
        if let Some(mut lane) = self.lanes.remove(&at.endpoint_id) {
            lane.gauge.set_direct(false);
            self.gauges.close(&at.endpoint_id);
            // Their rows go with the endpoint; nothing is to be given back.
            lane.drain().for_each(drop);
        }
    }

    /// Counts leases of a pull endpoint that ran out.
    pub(super) fn expire(&mut self, at: EndpointRef) {
        let (parts, inbox) = (Arc::clone(&self.parts), self.inbox.clone());
        self.tasks.spawn(async move {
            let ctx = Ctx { now: parts.clock.now(), mint: Arc::clone(&parts.mint), origin: Origin::default() };
            let expired = parts
                .store
                .transact("expire_leases", move |tx| {
                    let (ctx, at) = (ctx.clone(), at.clone());
                    Box::pin(async move {
                        delivery::expire_leases(tx, &ctx, &at).await?;
                        let next = tx.next_due(&at, false).await?;
                        Ok(next.filter(|due| *due > ctx.now).map(|due| (at, due)))
                    })
                })
                .await;
            if let Ok(Some(due)) = expired {
                drop(inbox.send(Message::Swept(vec![due])));
            }
        });
    }

    pub(super) fn start_claims(&mut self, now: Timestamp) {
        while self.claiming < CLAIMS_MAX
            && let Some(at) = self.claims.pop_front()
        {
            let Some(lane) = self.lanes.get_mut(&at.endpoint_id) else { continue };
            lane.claiming = false;
            let Some(exempt_only) = lane.wants_claim(now) else { continue };
            let asked = lane.claim_size(now).min(self.gauges.room(&lane.gauge));
            if asked == 0 {
                // Memory is full: what is in flight makes room, and its end looks again.
                self.arm(at, now.after(Duration::from_millis(20)));
                continue;
            }
            lane.claim_begins(exempt_only);
            self.claiming += 1;
            let claim = Claim {
                at: at.clone(),
                now,
                lease_until: now.after(delivery::lease_of(&lane.endpoint)),
                limit: u32::try_from(asked).unwrap_or(u32::MAX),
                exempt_only,
            };
            let (parts, inbox) = (Arc::clone(&self.parts), self.inbox.clone());
            self.tasks.spawn(async move {
                let found = parts
                    .store
                    .transact("claim", move |tx| {
                        let claim = claim.clone();
                        Box::pin(async move {
                            let claimed = tx.claim(&claim).await?;
                            let next = tx.next_due(&claim.at, claim.exempt_only).await?;
                            Ok((claimed, next))
                        })
                    })
                    .await;
                drop(inbox.send(Message::Claimed(ClaimedFor { at, exempt_only, asked, found })));
            });
        }
    }

    pub(super) fn claimed(&mut self, answer: ClaimedFor) {
        let ClaimedFor { at, exempt_only, asked, found } = answer;
        self.claiming = self.claiming.saturating_sub(1);
        let now = self.parts.clock.now();
        let Some(lane) = self.lanes.get_mut(&at.endpoint_id) else {
            // Its lane went while it was on its way: the rows went with the endpoint, or the lease ends.
            return;
        };
        match found {
            Ok((claimed, next)) => {
                let all = claimed.len() < asked;
                for mut claimed in claimed {
                    claimed.slot = self.gauges.hold(&lane.gauge, claimed.event.data.get().len());
                    lane.push(claimed, self.parts.transport.policy());
                }
                lane.claimed(exempt_only, all);
                if all && !exempt_only && lane.endpoint.sends() {
                    lane.gauge.set_direct(matches!(lane.breaker.gate(now), Gate::Open));
                }
                // With more due on disk the lane looks again by itself; while the breaker is open, what
                // is due on disk waits for it and must not wake the lane, except for what is exempt.
                if let Some(due) = next.filter(|due| all && *due != PARKED) {
                    self.arm(at.clone(), due);
                }
            }
            Err(error) => {
                tracing::warn!(%error, endpoint = %at.endpoint_id, "due deliveries could not be claimed yet");
                lane.claiming = false;
                self.arm(at.clone(), now.after(Duration::from_millis(500)));
            }
        }
        self.enqueue(&at);
    }

    /// Looks through all endpoints, unless that is under way or took long a short time ago: however
    /// many there are, looking takes little of the time.
    pub(super) fn sweep(&self, due_by: Timestamp) {
        let began = Instant::now();
        let next = Arc::clone(&self.next_sweep);
        {
            let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
            if next.is_none_or(|next| began < next) {
                return;
            }
            *next = None;
        }
        let (parts, inbox) = (Arc::clone(&self.parts), self.inbox.clone());
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let finish = || {
                let after = began + began.elapsed() * SWEEP_SHARE;
                *next.lock().unwrap_or_else(PoisonError::into_inner) = Some(after);
            };
            let mut after: Option<EndpointRef> = None;
            while !stop.is_cancelled() {
                let from = after.clone();
                let page = parts
                    .store
                    .read("sweep", move |tx| {
                        let after = from.clone();
                        Box::pin(async move { tx.due_endpoints(due_by, after.as_ref(), SWEEP_PAGE).await })
                    })
                    .await;
                let Ok(page) = page else { return finish() };
                after = page.last().map(|(at, _)| at.clone());
                let more = page.len() >= SWEEP_PAGE as usize;
                drop(inbox.send(Message::Swept(page)));
                if !more {
                    return finish();
                }
            }
        });
    }
}
