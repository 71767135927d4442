//! What handlers are given: who asks, and what was sent. A handler that takes [`By`] cannot forget to
//! check: the extractor is the permission.
use std::{marker::PhantomData, num::NonZeroU32, sync::Arc, time::Duration};

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use bellwire_domain::{
    CONSOLE, Ctx, Faults, Origin,
    workspace::{Permission, Principal, session::Session},
};
use bellwire_wire::{Namespace, Timestamp, WorkspaceId};
use http::{HeaderMap, Method, header, request::Parts};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{
    body::{BODY_BYTES_MAX, read_body},
    diagnose::diagnose,
    layer::Asked,
    problem::{Code, Problem},
};
use crate::{app::App, session};

/// What a key needs, as a type.
pub trait Right: Send + Sync + 'static {
    /// Any one of these is enough; where none is named, so is any key.
    const ANY_OF: &'static [Permission];

    /// Whether whoever asks has it.
    fn may(principal: &Principal) -> bool {
        Self::ANY_OF.is_empty() || Self::ANY_OF.iter().any(|permission| principal.may(*permission))
    }
}

macro_rules! rights {
    ($($name:ident => [$($permission:ident),*]),* $(,)?) => {
        $(
            /// See [`Permission`].
            pub(super) struct $name;
            impl Right for $name {
                const ANY_OF: &'static [Permission] = &[$(Permission::$permission),*];
            }
        )*
    };
}

rights! {
    AnyKey => [],
    EventsRead => [EventsRead],
    EventsWrite => [EventsWrite],
    WebhooksManage => [WebhooksManage],
    KeysManage => [KeysManage],
    WalletsManage => [WalletsManage],
    WalletsSpend => [WalletsSpend],
    WalletsRead => [WalletsManage, WalletsSpend],
    ApprovalsRequest => [ApprovalsRequest],
    ApprovalsRead => [ApprovalsRequest, ApprovalsDecide],
    PoliciesManage => [PoliciesManage],
    PoliciesRead => [PoliciesManage, ApprovalsDecide],
    AuditRead => [AuditRead],
}

/// Who asks, and may.
pub struct By<R> {
    /// The checked key.
    pub principal: Arc<Principal>,
    /// Which request this is.
    pub origin: Origin,
    /// The namespace the request works in: named by header or query, or the key's own.
    pub namespace: Option<Namespace>,
    /// The session by which the key was named, if the request came from a browser that logged in.
    pub session: Option<Session>,
    right: PhantomData<R>,
}

impl<R> By<R> {
    /// The workspace everything is about. Keeps I11.
    pub fn workspace(&self) -> &WorkspaceId {
        self.principal.workspace()
    }

    /// The circumstances of a command.
    pub fn ctx(&self, app: &App) -> Ctx {
        app.ctx(self.origin.clone())
    }

    /// The namespace a body names, if the key may touch it; else the request's.
    pub fn narrow(&self, named: Option<Namespace>) -> Result<Option<Namespace>, Problem> {
        let asked = named.or_else(|| self.namespace.clone());
        self.principal.narrow(asked).map_err(|error| Problem::new(Code::ForeignNamespace, format!("{error}.")))
    }

    /// Refuses unless the key has this permission as well.
    pub fn need(&self, permission: Permission) -> Result<(), Problem> {
        if self.principal.may(permission) { Ok(()) } else { Err(lacks(&[permission])) }
    }
}

/// The key has none of these permissions.
pub(super) fn lacks(any_of: &[Permission]) -> Problem {
    let names: Vec<String> = any_of.iter().map(|permission| format!("`{permission}`")).collect();
    Problem::new(Code::Forbidden, format!("This key lacks the permission {}.", names.join(" or ")))
}

impl<R: Right> FromRequestParts<Arc<App>> for By<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let (principal, session) = identify(parts, app).await?;
        count(parts, app, &principal)?;
        if !R::may(&principal) {
            return Err(lacks(R::ANY_OF));
        }
        if !parts.method.is_safe() && !app.playground.admits(principal.workspace(), app.clock.now(), 1) {
            let detail = "A sandbox of the playground takes 50 writes a second. Try again.";
            return Err(Problem::new(Code::TooManyRequests, detail));
        }
        let asked = named_namespace(parts)?;
        let namespace =
            principal.narrow(asked).map_err(|error| Problem::new(Code::ForeignNamespace, format!("{error}.")))?;
        let origin = parts.extensions.get_or_insert_default::<Origin>();
        origin.via = session.is_some().then_some(CONSOLE);
        Ok(Self { principal, origin: origin.clone(), namespace, session, right: PhantomData })
    }
}

/// Counts the request against its key's quota.
fn count(parts: &Parts, app: &App, principal: &Principal) -> Result<(), Problem> {
    let (standing, admitted) = app.quotas.admit(&principal.key.id);
    if let Some(asked) = parts.extensions.get::<Asked>() {
        asked.0.get_or_init(|| standing);
    }
    admitted.map_err(|wait| {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        over_quota(app.config.key_requests_per_second).retry_after(seconds)
    })
}

/// The key has made as many requests as it may.
pub(super) fn over_quota(per_second: NonZeroU32) -> Problem {
    let detail = format!("This key may make {per_second} requests a second (`key_requests_per_second`). Try again.");
    Problem::new(Code::TooManyRequests, detail)
}

/// Who asks: the one place where a request's key, or the session that stands for one, is checked.
async fn identify(parts: &Parts, app: &App) -> Result<(Arc<Principal>, Option<Session>), Problem> {
    let headers = &parts.headers;
    let now = app.clock.now();
    // Whoever sends a key means that key, whatever cookies come along.
    let sends_key = headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-api-key");
    if !sends_key && let Some(token) = session::in_cookie(headers) {
        let found = app.auth.check_session(session::hash(&app.vault, token), now).await?;
        let found = found.ok_or_else(|| Problem::new(Code::Unauthorized, "This session has ended. Log in again."))?;
        if !parts.method.is_safe() {
            may_change(&found.session, parts, app)?;
        }
        return Ok((Arc::new(found.principal.clone()), Some(found.session.clone())));
    }
    let presented = presented(headers).ok_or_else(|| {
        Problem::new(Code::Unauthorized, "Send an API key: `Authorization: Bearer <key>` (or `X-Api-Key: <key>`).")
    })?;
    let found = app.auth.check(presented, now).await?;
    found
        .map(|principal| (principal, None))
        .ok_or_else(|| Problem::new(Code::Unauthorized, "This API key is unknown, revoked or expired."))
}

/// A browser sends its cookie whoever made it ask: only the console's own pages know the token that goes with it.
fn may_change(session: &Session, parts: &Parts, app: &App) -> Result<(), Problem> {
    if !session::is_csrf_token(&app.vault, session, parts.headers.get("x-csrf-token")) {
        let detail = "A change by cookie needs the header `X-CSRF-Token` with the session's `csrf_token`.";
        return Err(Problem::new(Code::CsrfFailed, detail));
    }
    // To log out is always allowed.
    if session.read_only && parts.uri.path() != session::PATH {
        return Err(Problem::new(Code::Forbidden, "This session is read-only."));
    }
    Ok(())
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let key = bearer.or_else(|| headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim))?;
    (1..=256).contains(&key.len()).then_some(key)
}

/// The namespace named by header or query. The one place where a request names one outright, but for
/// bodies.
fn named_namespace(parts: &Parts) -> Result<Option<Namespace>, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    let in_query = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name == "namespace" && !value.is_empty())
        .map(|(_, value)| value.into_owned());
    let in_header = match parts.headers.get("x-namespace") {
        Some(value) => Some(value.to_str().map(str::to_owned).map_err(|_| {
            Problem::from(Faults::from((
                "X-Namespace",
                "must be 1 to 63 characters of a-z 0-9 . _ - and start with a letter or digit",
            )))
        })?),
        None => None,
    };
    let mut faults = Faults::default();
    let header = in_header
        .filter(|text| !text.is_empty())
        .and_then(|text| faults.take("X-Namespace", text.parse::<Namespace>()));
    let query = in_query.and_then(|text| faults.take("namespace", text.parse::<Namespace>()));
    if !faults.is_empty() {
        return Err(faults.into());
    }
    match (header, query) {
        (Some(header), Some(query)) if header != query => {
            Err(Faults::from(("namespace", "must be the same in X-Namespace and in the query")).into())
        }
        (header, query) => Ok(header.or(query)),
    }
}

/// A body: parsed, and kept as sent for the idempotency key.
pub(super) struct Json<T> {
    value: T,
    faults: Faults,
    idempotency: Option<Idempotency>,
    body: Bytes,
}

impl<T> Json<T> {
    /// The body as it was sent.
    pub(super) fn raw(&self) -> Arc<str> {
        String::from_utf8_lossy(&self.body).into()
    }

    /// What it says; what is wrong with its form, to which the handler adds what is wrong with its
    /// values before it does anything; and what makes repeating it harmless.
    pub(super) fn open(self) -> (T, Faults, Option<Idempotency>) {
        (self.value, self.faults, self.idempotency)
    }
}

/// The request's idempotency key, bound to what was asked.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// The method and path.
    pub route: String,
    /// A hash of the body.
    pub fingerprint: [u8; 32],
    /// How long the answer is kept.
    pub kept: Kept,
    /// Whether it is one key for all namespaces: whoever repeats the request may see what it is about.
    pub anywhere: bool,
}

/// How long an answer is kept for repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// 24 hours.
    Day,
    /// Whatever moves money: a repetition a year later must not move it again.
    ForEver,
}

impl Kept {
    /// Until when, if it is answered `now`.
    pub fn until(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Day => Some(now.after(Duration::from_hours(24))),
            Self::ForEver => None,
        }
    }
}

impl Idempotency {
    /// The same, and its answer is kept for ever.
    #[must_use]
    pub fn for_ever(self) -> Self {
        Self { kept: Kept::ForEver, ..self }
    }

    /// The same for what the request is about, however its path and headers named that. Whoever asks was seen
    /// to see it.
    #[must_use]
    pub fn about(self, subject: &str) -> Self {
        let action = self.route.rsplit('/').next().unwrap_or_default();
        Self { route: format!("{action} {subject}"), anywhere: true, ..self }
    }

    /// Reads the header of a request with this body.
    pub fn read(method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
        let key = value
            .to_str()
            .ok()
            .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|c| (0x20..0x7f).contains(&c)));
        let key = key.ok_or_else(|| {
            Problem::from(Faults::from(("Idempotency-Key", "must be 1 to 255 printable ASCII characters")))
        })?;
        Ok(Some(Self {
            key: key.to_owned(),
            route: format!("{method} {path}"),
            fingerprint: *blake3::hash(body).as_bytes(),
            kept: Kept::Day,
            anywhere: false,
        }))
    }
}

/// The idempotency key of a call without a body.
pub(super) struct Repeat(pub(super) Option<Idempotency>);

impl FromRequestParts<Arc<App>> for Repeat {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Idempotency::read(&parts.method, parts.uri.path(), &parts.headers, b"").map(Self)
    }
}

/// Parses a body, and says everything that is wrong with its form. What has a fault is not in the value.
pub(super) fn parse<T: DeserializeOwned + ToSchema>(body: &[u8]) -> Result<(T, Faults), Problem> {
    match serde_json::from_slice(body) {
        // A list could stand for an object's fields in order: nobody means that.
        Ok(_) if !body.trim_ascii_start().starts_with(b"{") => {
            Err(Problem::new(Code::Unparsable, "The body must be a JSON object."))
        }
        Ok(value) => Ok((value, Faults::default())),
        Err(error) => diagnose(body, &error),
    }
}

impl<T: DeserializeOwned + ToSchema> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (method, path, headers) =
            (request.method().clone(), request.uri().path().to_owned(), request.headers().clone());
        let body = read_body(request, BODY_BYTES_MAX, &app.stopping).await?;
        let idempotency = Idempotency::read(&method, &path, &headers, &body)?;
        // A call whose fields are all optional may come without a body.
        let (value, faults) = parse(if body.is_empty() { b"{}" } else { &body })?;
        Ok(Self { value, faults, idempotency, body })
    }
}

impl<T: DeserializeOwned + ToSchema + Default> OptionalFromRequest<Arc<App>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Option<Self>, Problem> {
        <Self as FromRequest<Arc<App>>>::from_request(request, app).await.map(Some)
    }
}

/// A query, every fault of which is told.
pub(super) struct Query<T>(pub T);

/// What a query is made of.
pub(super) trait FromQuery: Sized {
    /// The names there are.
    const NAMES: &'static [&'static str];
    /// Reads the parameters.
    fn read(parameters: &Parameters, faults: &mut Faults) -> Self;
}

/// A query that says nothing but, perhaps, the namespace.
pub(super) struct Nothing;

impl FromQuery for Nothing {
    const NAMES: &'static [&'static str] = &["namespace"];

    fn read(_: &Parameters, _: &mut Faults) -> Self {
        Self
    }
}

/// The parameters of a query, in order.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The last value of a name; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The values of a name, split at commas.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// A value of another type.
    pub(super) fn take<T: std::str::FromStr>(&self, name: &str, faults: &mut Faults) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        self.get(name).and_then(|text| faults.take(name, text.parse::<T>()))
    }
}

impl<T: FromQuery + Send> FromRequestParts<Arc<App>> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let parameters = Parameters(
            url::form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        );
        let mut faults = Faults::default();
        for (name, _) in &parameters.0 {
            if name != "namespace" && !T::NAMES.contains(&name.as_str()) {
                faults.add(name.clone(), format!("is not a parameter here; known are {}", T::NAMES.join(", ")));
            }
        }
        let value = T::read(&parameters, &mut faults);
        faults.or(Self(value)).map_err(Problem::from)
    }
}
