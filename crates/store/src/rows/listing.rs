//! Deliveries listed and counted. No list reads a whole table: those of a workspace are those of its endpoints, each
//! read by its own index and merged; what a filter takes little of is looked for among a bounded number of rows, and
//! the next page goes on where the look ended.
use std::collections::BTreeSet;

use bellwire_domain::{
    Page, PageQuery, Stored,
    delivery::{Delivery, DeliveryFilter, DeliveryStatus, EndpointRef},
};
use bellwire_wire::{EndpointId, Namespace, Timestamp, WorkspaceId};

use super::delivery::{code, delivery, delivery_sql};
use crate::{
    Tx,
    args::{Arg, Row, args},
};

/// Rows that are looked at for one page. Keeps I12.
const LOOK_MAX: u32 = 20_000;
/// Rows that are looked at first, and twice as many each time after, where a filter takes few.
const LOOK_FIRST: u32 = 500;
/// Endpoints that are looked at one by one: those of a workspace with more are looked for in the order of deliveries.
const ENDPOINTS_MAX: u32 = 100;
/// Deliveries in a state that are put in order for a page; of more, the newest rows are looked through instead.
const SORTED_MAX: u32 = 5_000;
/// Deliveries that are counted one by one, of all endpoints together.
const COUNTED_MAX: u32 = 10_000;
/// Deliveries that an id may begin to name; of a shorter beginning there are too many to take together.
const NAMED_MAX: u32 = 1_000;
/// Behind every id that begins so.
const AFTER_ALL: char = '\u{10ffff}';

/// What was found, newest first, and down to where was looked; to the end, if it does not say.
struct Looked {
    found: Vec<Delivery>,
    down_to: Option<i64>,
}

/// Where deliveries are looked for.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// Those of an endpoint, by the index of their state.
    Endpoint(&'a EndpointRef),
    /// Those of the whole workspace, in their order; its endpoints are looked up one by one.
    Workspace,
}

/// After which and before which place.
#[derive(Clone, Copy)]
struct Span {
    after: i64,
    before: i64,
}

impl Span {
    fn of(filter: &DeliveryFilter, before: Option<i64>) -> Self {
        let until = filter.until.map_or(i64::MAX, |until| until.micros() + 1);
        Self { after: filter.since.map_or(0, Timestamp::micros), before: before.unwrap_or(i64::MAX).min(until) }
    }
}

/// How rows are found, newest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// All of the place, whatever their state.
    All,
    /// Those that are owed, put in order: there are few.
    Owed,
    /// Those that are dead: of an endpoint in the order of their index, of a workspace put in order, for there are few.
    Dead,
}

impl Way {
    /// Whether it leads to exactly the deliveries that a filter takes.
    fn finds_only(self, filter: &DeliveryFilter) -> bool {
        let of_state = match filter.status {
            None => true,
            Some(DeliveryStatus::Success) => false,
            Some(DeliveryStatus::Pending) => self == Self::Owed,
            Some(DeliveryStatus::Failed) => self == Self::Dead,
        };
        of_state && filter.namespace.is_none() && filter.prefix.is_none() && filter.kinds.takes_all()
    }
}

impl Tx {
    /// Whether the filter names an endpoint that the workspace does not have, or no longer.
    fn names_nothing(&mut self, workspace: &WorkspaceId, filter: &DeliveryFilter) -> Stored<bool> {
        let Some(at) = &filter.endpoint else { return Ok(false) };
        if at.workspace_id != *workspace {
            return Ok(true);
        }
        let found = self.find_endpoint(at)?;
        let seen =
            |namespace: Option<&Namespace>| filter.endpoints_of.is_none() || namespace == filter.endpoints_of.as_ref();
        Ok(!found.is_some_and(|endpoint| seen(endpoint.config.namespace.as_ref())))
    }

    /// At most `limit` endpoints that a filter may be about.
    fn meant_endpoints(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        limit: u32,
    ) -> Stored<Vec<EndpointRef>> {
        if let Some(at) = &filter.endpoint {
            return Ok(vec![at.clone()]);
        }
        self.query(
            "SELECT id FROM endpoints INDEXED BY endpoints_workspace
             WHERE workspace_id = $1 AND ($2 IS NULL OR namespace = $2) AND deleted_at IS NULL ORDER BY seq LIMIT $3",
            args![workspace.as_str(), filter.endpoints_of.as_ref().map(Namespace::as_str), limit],
            |row| {
                let endpoint_id = row.with_text(0, EndpointId::from_stored)?;
                Ok(EndpointRef { workspace_id: workspace.clone(), endpoint_id })
            },
        )
    }

    pub(super) fn page_deliveries(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        page: PageQuery,
    ) -> Stored<Page<Delivery>> {
        if self.names_nothing(workspace, filter)? {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let span = Span::of(filter, page.before);
        if let Some(prefix) = &filter.prefix
            && let Some(named) = self.begin_with(workspace, prefix)?
        {
            return self.page_of(workspace, filter, span, &named, page.limit);
        }
        let meant = self.meant_endpoints(workspace, filter, ENDPOINTS_MAX + 1)?;
        let count = u32::try_from(meant.len()).unwrap_or(u32::MAX);
        if count > ENDPOINTS_MAX {
            let looked = self.look(workspace, filter, Place::Workspace, span, (page.limit, LOOK_MAX))?;
            return Ok(merged(vec![looked], page.limit));
        }
        let most = LOOK_MAX / count.max(1);
        let mut looks = Vec::with_capacity(meant.len());
        for at in &meant {
            looks.push(self.look(workspace, filter, Place::Endpoint(at), span, (page.limit, most))?);
        }
        Ok(merged(looks, page.limit))
    }

    /// Looks for one more than `limit` among at most `most` rows.
    fn look(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        place: Place<'_>,
        mut span: Span,
        (limit, most): (u32, u32),
    ) -> Stored<Looked> {
        let wanted = limit as usize + 1;
        let way = self.way(workspace, filter, place)?;
        let everything = way.finds_only(filter) && matches!(place, Place::Endpoint(_));
        let (mut found, mut left) = (Vec::new(), most.max(limit + 1));
        let mut chunk = if everything { limit + 1 } else { LOOK_FIRST };
        loop {
            chunk = chunk.min(left);
            let (looked, last) = self.rows_of(workspace, filter, (place, way), (span, chunk), &mut found)?;
            span.before = last.unwrap_or(span.before);
            if found.len() >= wanted {
                found.truncate(wanted);
                let down_to = found.last().map(|last| last.seq);
                return Ok(Looked { found, down_to });
            }
            if looked < chunk {
                return Ok(Looked { found, down_to: None });
            }
            left = left.saturating_sub(looked);
            if left == 0 {
                return Ok(Looked { found, down_to: Some(span.before) });
            }
            chunk = chunk.saturating_mul(2);
        }
    }

    /// How the deliveries are found that a filter takes of a place.
    fn way(&mut self, workspace: &WorkspaceId, filter: &DeliveryFilter, place: Place<'_>) -> Stored<Way> {
        let few = |count: Option<u32>| count.is_none_or(|count| count <= SORTED_MAX);
        let one_more = SORTED_MAX + 1;
        Ok(match (place, filter.status) {
            (Place::Endpoint(at), Some(DeliveryStatus::Pending)) => {
                let owed = self.query_one(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_due
                     WHERE endpoint_id = $1 AND status = 0 LIMIT $2) AS owed",
                    args![at.endpoint_id.as_str(), one_more],
                    |row| row.small(0),
                )?;
                if few(owed) { Way::Owed } else { Way::All }
            }
            (Place::Endpoint(_), Some(DeliveryStatus::Failed)) => Way::Dead,
            (Place::Workspace, Some(DeliveryStatus::Failed)) => {
                let dead = self.query_one(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_dead
                     WHERE workspace_id = $1 AND status = 2 LIMIT $2) AS dead",
                    args![workspace.as_str(), one_more],
                    |row| row.small(0),
                )?;
                if few(dead) { Way::Dead } else { Way::All }
            }
            _ => Way::All,
        })
    }

    /// Looks at the next `limit` rows of a place, newest first, and adds those to `found` that the filter takes: how many
    /// were looked at, and the number of the last.
    fn rows_of(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        (place, way): (Place<'_>, Way),
        (span, limit): (Span, u32),
        found: &mut Vec<Delivery>,
    ) -> Stored<(u32, Option<i64>)> {
        let bound = filter.endpoints_of.as_ref().map(Namespace::as_str);
        let within: [Arg<'_>; 4] = [workspace.as_str().into(), span.after.into(), span.before.into(), limit.into()];
        let [of, after, before, most] = within;
        // Each index is named: the planner knows nothing of how rare a dead letter is.
        let (sql, args): (&'static str, Vec<Arg<'_>>) = match place {
            // There are few: those of endpoints that are not meant cost nothing.
            Place::Workspace if way == Way::Dead => (
                delivery_sql!(
                    "FROM deliveries d INDEXED BY deliveries_dead CROSS JOIN endpoints e
                     WHERE d.workspace_id = $1 AND d.status = 2 AND d.seq > $2 AND d.seq < $3
                       AND e.id = d.endpoint_id AND e.deleted_at IS NULL AND ($5 IS NULL OR e.namespace = $5)
                     ORDER BY d.seq DESC LIMIT $4"
                ),
                vec![of, after, before, most, bound.into()],
            ),
            Place::Workspace => {
                // Other workspaces have rows in between: what is bounded is how many are passed, not how many are ours.
                let passed = self.query_one(
                    "SELECT COUNT(*), MIN(seq) FROM (SELECT seq FROM deliveries NOT INDEXED
                     WHERE seq > $1 AND seq < $2 ORDER BY seq DESC LIMIT $3) AS passed",
                    args![span.after, span.before, limit],
                    |row| Ok((row.small::<u32>(0)?, row.opt_int(1)?)),
                )?;
                let Some((passed, Some(last))) = passed else { return Ok((0, None)) };
                let ours = self.query(
                    delivery_sql!(
                        "FROM deliveries d NOT INDEXED CROSS JOIN endpoints e
                         WHERE d.workspace_id = $1 AND d.seq >= $2 AND d.seq < $3
                           AND e.id = d.endpoint_id AND e.deleted_at IS NULL AND ($4 IS NULL OR e.namespace = $4)
                         ORDER BY d.seq DESC"
                    ),
                    args![workspace.as_str(), last, span.before, bound],
                    delivery,
                )?;
                found.extend(ours.into_iter().filter(|one| filter.takes(one)));
                return Ok((passed, Some(last)));
            }
            Place::Endpoint(at) => {
                let sql = match way {
                    Way::Dead => delivery_sql!(
                        "FROM deliveries d INDEXED BY deliveries_dead
                         WHERE d.workspace_id = $1 AND d.endpoint_id = $5 AND d.status = 2 AND d.seq > $2 AND d.seq < $3
                         ORDER BY d.seq DESC LIMIT $4"
                    ),
                    Way::Owed => delivery_sql!(
                        "FROM deliveries d INDEXED BY deliveries_due
                         WHERE d.workspace_id = $1 AND d.endpoint_id = $5 AND d.status = 0 AND d.seq > $2 AND d.seq < $3
                         ORDER BY d.seq DESC LIMIT $4"
                    ),
                    Way::All => delivery_sql!(
                        "FROM deliveries d INDEXED BY deliveries_endpoint
                         WHERE d.workspace_id = $1 AND d.endpoint_id = $5 AND d.seq > $2 AND d.seq < $3
                         ORDER BY d.seq DESC LIMIT $4"
                    ),
                };
                (sql, vec![of, after, before, most, at.endpoint_id.as_str().into()])
            }
        };
        let rows = self.query(sql, &args, delivery)?;
        let looked = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let last = rows.last().map(|delivery| delivery.seq);
        found.extend(rows.into_iter().filter(|one| filter.takes(one)));
        Ok((looked, last))
    }

    /// The places of the deliveries whose id, or whose event's id, begins so; nothing if there are too many.
    fn begin_with(&mut self, workspace: &WorkspaceId, prefix: &str) -> Stored<Option<BTreeSet<i64>>> {
        let end = format!("{prefix}{AFTER_ALL}");
        // Ids of all workspaces are in one index: whose they are is looked at later. In order, so that it ends with the
        // limit whatever the planner thinks.
        let ids = self.query(
            "SELECT seq FROM deliveries INDEXED BY deliveries_id WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3",
            args![prefix, &end, NAMED_MAX],
            |row| row.int(0),
        )?;
        let events = self.query(
            "SELECT seq FROM events INDEXED BY events_id WHERE workspace_id = $1 AND id >= $2 AND id < $3
             ORDER BY id LIMIT $4",
            args![workspace.as_str(), prefix, &end, NAMED_MAX],
            |row| row.int(0),
        )?;
        let many = NAMED_MAX as usize;
        if ids.len() >= many || events.len() >= many {
            return Ok(None);
        }
        let mut named: BTreeSet<i64> = ids.into_iter().collect();
        for event in events {
            let left = NAMED_MAX.saturating_sub(u32::try_from(named.len()).unwrap_or(u32::MAX));
            named.extend(self.query(
                "SELECT seq FROM deliveries INDEXED BY deliveries_event WHERE event_seq = $1 LIMIT $2",
                args![event, left],
                |row| row.int(0),
            )?);
            if named.len() >= many {
                return Ok(None);
            }
        }
        Ok(Some(named))
    }

    /// A page of some deliveries that were found by other means.
    fn page_of(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        span: Span,
        named: &BTreeSet<i64>,
        limit: u32,
    ) -> Stored<Page<Delivery>> {
        let mut found = Vec::new();
        for seq in named.iter().rev().filter(|seq| **seq > span.after && **seq < span.before) {
            let one = self.query_one(
                delivery_sql!(
                    "FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id AND e.deleted_at IS NULL
                     WHERE d.seq = $1 AND d.workspace_id = $2 AND ($3 IS NULL OR e.namespace = $3)"
                ),
                args![*seq, workspace.as_str(), filter.endpoints_of.as_ref().map(Namespace::as_str)],
                delivery,
            )?;
            found.extend(one.filter(|delivery| filter.takes(delivery)));
            if found.len() > limit as usize {
                break;
            }
        }
        Ok(Page::from_overfetch(found, limit, |delivery| delivery.seq))
    }

    /// How many deliveries a filter takes, if at most `most`; nothing where it says what no index knows, or is about too
    /// many endpoints.
    pub(super) fn count_deliveries(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        most: u32,
    ) -> Stored<Option<u64>> {
        if filter.prefix.is_some() || !filter.kinds.takes_all() {
            return Ok(None);
        }
        if self.names_nothing(workspace, filter)? {
            return Ok(Some(0));
        }
        let meant = self.meant_endpoints(workspace, filter, ENDPOINTS_MAX + 1)?;
        if meant.len() > ENDPOINTS_MAX as usize {
            return Ok(None);
        }
        let of = |status| DeliveryFilter { status, ..filter.clone() };
        if filter.namespace.is_some() {
            let all = DeliveryFilter { namespace: None, ..of(None) };
            if self.sum_of(&meant, &all, COUNTED_MAX)?.is_none() {
                return Ok(None);
            }
        } else if filter.status == Some(DeliveryStatus::Success) {
            // No index holds those that arrived: they are all but the others.
            let Some(all) = self.sum_of(&meant, &of(None), most)? else { return Ok(None) };
            let owed = self.sum_of(&meant, &of(Some(DeliveryStatus::Pending)), most)?;
            let dead = self.sum_of(&meant, &of(Some(DeliveryStatus::Failed)), most)?;
            return Ok(owed.zip(dead).map(|(owed, dead)| all.saturating_sub(owed).saturating_sub(dead)));
        }
        self.sum_of(&meant, filter, most)
    }

    /// How many deliveries of some endpoints a filter takes, if at most `most`.
    fn sum_of(&mut self, endpoints: &[EndpointRef], filter: &DeliveryFilter, most: u32) -> Stored<Option<u64>> {
        let mut left = most;
        for at in endpoints {
            let Some(rest) = left.checked_sub(self.count_of(at, filter, left.saturating_add(1))?) else {
                return Ok(None);
            };
            left = rest;
        }
        Ok(Some((most - left).into()))
    }

    /// How many deliveries of one endpoint a filter takes, counted up to `limit`: those in a state, or all, are counted in
    /// an index alone. A million take tens of milliseconds then, not seconds.
    fn count_of(&mut self, at: &EndpointRef, filter: &DeliveryFilter, limit: u32) -> Stored<u32> {
        let Span { after, before } = Span::of(filter, None);
        let count = |row: &Row<'_>| row.small::<u32>(0);
        let (endpoint, workspace) = (at.endpoint_id.as_str(), at.workspace_id.as_str());
        let counted = match (filter.status, &filter.namespace) {
            (None, None) => self.query_one(
                "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_endpoint
                 WHERE endpoint_id = $1 AND seq > $2 AND seq < $3 LIMIT $4) AS counted",
                args![endpoint, after, before, limit],
                count,
            ),
            (Some(DeliveryStatus::Pending), None) => self.query_one(
                "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_due
                 WHERE endpoint_id = $1 AND status = 0 AND seq > $2 AND seq < $3 LIMIT $4) AS counted",
                args![endpoint, after, before, limit],
                count,
            ),
            (Some(DeliveryStatus::Failed), None) => self.query_one(
                "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_dead
                 WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 2 AND seq > $3 AND seq < $4 LIMIT $5)
                 AS counted",
                args![workspace, endpoint, after, before, limit],
                count,
            ),
            (status, namespace) => self.query_one(
                "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries d INDEXED BY deliveries_endpoint
                 WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.seq > $3 AND d.seq < $4
                   AND ($5 IS NULL OR d.status = $5) AND ($6 IS NULL OR d.namespace = $6) LIMIT $7) AS counted",
                args![
                    workspace,
                    endpoint,
                    after,
                    before,
                    status.map(code),
                    namespace.as_ref().map(Namespace::as_str),
                    limit
                ],
                count,
            ),
        };
        Ok(counted?.unwrap_or(0))
    }
}

/// The newest of several looks. Where one ended early, the page ends too: below that, something may be missing.
fn merged(looks: Vec<Looked>, limit: u32) -> Page<Delivery> {
    let floor = looks.iter().filter_map(|look| look.down_to).max();
    let mut found: Vec<Delivery> = looks.into_iter().flat_map(|look| look.found).collect();
    found.retain(|delivery| floor.is_none_or(|floor| delivery.seq >= floor));
    found.sort_unstable_by_key(|delivery| std::cmp::Reverse(delivery.seq));
    let page = Page::from_overfetch(found, limit, |delivery| delivery.seq);
    Page { next: page.next.or(floor), ..page }
}
