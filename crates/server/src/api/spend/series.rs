//! What was spent, in the course of time (spec spend, "Analytics").
use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bellwire_domain::{
    Faults,
    spend::{Bucket, Point, Rows, SpendFilter},
};
use bellwire_wire::{Timestamp, UsdSum};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::{analytics::SpendQuery, csv};
use crate::{
    api::{
        extract::{By, FromQuery, Parameters, Query, WalletsRead},
        problem::{Problem, ProblemBody},
        reply::Reply,
    },
    app::App,
};

/// Buckets that one answer has at most. Keeps I12.
const BUCKETS_MAX: i64 = 5_000;

/// Which course of time is asked for.
pub(super) struct SeriesQuery {
    of: SpendQuery,
    bucket: Bucket,
}

impl FromQuery for SeriesQuery {
    const NAMES: &'static [&'static str] = &["bucket", "since", "until", "wallet_id"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let bucket = parameters.take("bucket", faults).unwrap_or(Bucket::Hour);
        Self { of: SpendQuery::read(parameters, faults), bucket }
    }
}

/// One step in the course of time.
#[derive(Serialize, ToSchema)]
#[schema(as = SpendPoint)]
struct PointView {
    /// When it begins.
    at: Timestamp,
    /// Spent less what came back.
    spent_usd: UsdSum,
    /// Purchases.
    count: u64,
}

/// What was spent, in the course of time.
#[derive(Serialize, ToSchema)]
#[schema(as = SpendSeries)]
struct SeriesView {
    /// `minute`, `hour` or `day`, in UTC.
    bucket: &'static str,
    /// Where the first one begins: at or before what was asked for, so that it is whole.
    since: Timestamp,
    until: Timestamp,
    /// One for each step, also where nothing was spent.
    points: Vec<PointView>,
}

/// What was spent, by the minute, hour (if nothing is said) or day; for the last hour, day or 30 days unless
/// said otherwise.
#[utoipa::path(get, path = "/v1/spend/timeseries", operation_id = "spend_timeseries", tag = "spend",
    params(("bucket" = Option<String>, Query), ("since" = Option<String>, Query), ("until" = Option<String>, Query),
        ("namespace" = Option<String>, Query), ("wallet_id" = Option<String>, Query)),
    responses((status = 200, content((SeriesView = "application/json"), (String = "text/csv"))), (status = 404, body = ProblemBody)))]
pub(super) async fn timeseries(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    headers: HeaderMap,
    Query(SeriesQuery { of, bucket }): Query<SeriesQuery>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let filter = of.filter(&app, &by, now).await?;
    let until = filter.until.unwrap_or(now);
    let since = bucket.start(filter.since.unwrap_or_else(|| until.before(usual(bucket))));
    let starts = starts(bucket, since, until)?;
    // What happened at the first moment of the first step is in it.
    let after = Timestamp::from_micros(since.micros() - 1);
    let filter = SpendFilter { since: Some(after), ..filter };
    let workspace = by.workspace().clone();
    let found = app
        .query("spend_over_time", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move { tx.spend_over_time(&workspace, bucket, &filter).await })
        })
        .await?;
    let points = filled(starts, found);
    if csv::is_wanted(&headers) {
        let row = |point: PointView| vec![point.at.to_string(), point.spent_usd.to_string(), point.count.to_string()];
        return Ok(csv::answer(&["at", "spent_usd", "count"], points.into_iter().map(row)));
    }
    Ok(Reply::ok(&SeriesView { bucket: name_of(bucket), since, until, points }).into_response())
}

const fn name_of(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Minute => "minute",
        Bucket::Hour => "hour",
        Bucket::Day => "day",
    }
}

/// How long is looked back where nothing is said.
const fn usual(bucket: Bucket) -> Duration {
    match bucket {
        Bucket::Minute => Duration::from_hours(1),
        Bucket::Hour => Duration::from_hours(24),
        Bucket::Day => Duration::from_hours(30 * 24),
    }
}

/// Where each step begins.
fn starts(bucket: Bucket, since: Timestamp, until: Timestamp) -> Result<impl Iterator<Item = Timestamp>, Faults> {
    let steps = match until.micros() - since.micros() {
        length if length < 0 => 0,
        length => length / bucket.micros() + 1,
    };
    if steps > BUCKETS_MAX {
        let detail = format!(
            "would make {steps} steps, and an answer has at most {BUCKETS_MAX}: ask for longer ones or since later"
        );
        return Err(Faults::from(("bucket", detail)));
    }
    Ok((0..steps).map(move |step| Timestamp::from_micros(since.micros() + step * bucket.micros())))
}

/// A point for each step, of those that were found or of nothing.
fn filled(starts: impl Iterator<Item = Timestamp>, found: Vec<Point>) -> Vec<PointView> {
    let found: HashMap<i64, Point> = found.into_iter().map(|point| (point.at.micros(), point)).collect();
    let view = |at: Timestamp| {
        let (nanos, count) = found.get(&at.micros()).map_or((0, 0), |point| (point.nanos, point.count));
        PointView { at, spent_usd: UsdSum::from_nanos(nanos), count }
    };
    starts.map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn every_step_is_there_and_no_answer_has_too_many() {
        let all = |since, until| starts(Bucket::Minute, at(since), at(until)).map(Iterator::collect::<Vec<_>>);
        assert_eq!(all(120, 130).expect("few"), [at(120)]);
        assert_eq!(all(120, 240).expect("few"), [at(120), at(180), at(240)]);
        assert_eq!(all(120, 60).expect("few"), []);
        assert_eq!(all(0, 4_999 * 60).expect("as many as may be").len(), 5_000);
        assert!(all(0, 5_000 * 60).is_err());
        let found = vec![Point { at: at(180), nanos: 7, count: 2 }];
        let points = filled([at(120), at(180)].into_iter(), found);
        let told: Vec<(String, u64)> = points.iter().map(|point| (point.spent_usd.to_string(), point.count)).collect();
        assert_eq!(told, [("0.00".to_owned(), 0), ("0.000000007".to_owned(), 2)]);
    }
}
