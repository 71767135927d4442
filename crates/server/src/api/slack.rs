//! What Slack calls when somebody clicks or sends a form. There is no key: the request is signed.
use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bellwire_domain::Origin;
use bellwire_wire::verify::{self, Scheme, TOLERANCE};
use http::StatusCode;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::{BODY_BYTES_MAX, read_body},
    problem::{Code, Problem, ProblemBody},
    reply::Reply,
};
use crate::{
    app::App,
    slack::{Interaction, Outcome},
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(interactions))
}

/// What Slack sends.
#[derive(ToSchema)]
#[schema(as = SlackInteraction)]
#[expect(dead_code, reason = "describes a form whose bytes are verified before it is read")]
struct InteractionForm {
    /// An interaction payload of Slack, as JSON.
    payload: String,
}

/// Clicks and forms of the Slack app. Signed by Slack (`X-Slack-Signature`) instead of sent with a key;
/// 404 unless Slack is set up.
#[utoipa::path(post, path = "/v1/integrations/slack/interactions", operation_id = "slack_interaction",
    tag = "integration",
    request_body(content = InteractionForm, content_type = "application/x-www-form-urlencoded"),
    params(("X-Slack-Signature" = Option<String>, Header), ("X-Slack-Request-Timestamp" = Option<String>, Header)),
    responses(
        (status = 200, description = "Taken, empty; or what is wrong with the form", content_type = "application/json", body = Option<Object>),
        (status = 400, description = "No payload", content_type = "application/problem+json", body = ProblemBody),
        (status = 401, description = "Not signed by Slack, or too old", content_type = "application/problem+json", body = ProblemBody),
        (status = 404, description = "Slack is not set up", content_type = "application/problem+json", body = ProblemBody),
        (status = 413, description = "Too large", content_type = "application/problem+json", body = ProblemBody),
        (status = 429, description = "Too many clicks at once", content_type = "application/problem+json", body = ProblemBody)),
    security(()))]
async fn interactions(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let slack = app.slack.as_ref().ok_or_else(|| Problem::new(Code::NotFound, "Slack is not set up here."))?;
    let headers = request.headers().clone();
    let origin = request.extensions().get::<Origin>().cloned().unwrap_or_default();
    let body = read_body(request, BODY_BYTES_MAX, &app.stopping).await?;
    // The bytes that came are what is signed: nothing is read of them before.
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    verify::verify(Scheme::Slack, &[slack.signing_secret()], &headers, &body, app.clock.now(), TOLERANCE)
        .map_err(|error| Problem::new(Code::BadSignature, format!("This is not from Slack: {error}.")))?;
    let interaction = Interaction::read(&body)
        .ok_or_else(|| Problem::new(Code::Unparsable, "The body must be a form with JSON in its field `payload`."))?;
    match interaction {
        Interaction::Click(click) => {
            if !slack.clicked(&app, click) {
                return Err(Problem::new(Code::TooManyRequests, "Too many clicks at once. Click again."));
            }
        }
        Interaction::Choice(click) => {
            if !slack.chosen(&app, click) {
                return Err(Problem::new(Code::TooManyRequests, "Too many clicks at once. Click again."));
            }
        }
        Interaction::Submission(sent) => return Ok(form(slack.submitted(&app, app.ctx(origin), sent).await)),
        Interaction::Answer(sent) => return Ok(form(slack.answered(&app, app.ctx(origin), sent).await)),
        Interaction::Other => {}
    }
    Ok(form(Outcome::Done))
}

/// The answer to a form: it closes, or shows what is wrong with it.
fn form(outcome: Outcome) -> Response {
    if let Outcome::Refused(input, words) = outcome {
        return Reply::ok(&json!({"response_action": "errors", "errors": {input: words}})).into_response();
    }
    // With a body Slack would look for something to do in it.
    StatusCode::OK.into_response()
}
