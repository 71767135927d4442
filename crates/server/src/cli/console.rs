//! `bellwire console-link`: a link that logs a browser in.
use clap::Args;

use super::{failure::Done, out::text, settings::Session};

/// Make a link that opens the console in a browser: once, as the key that asks, within five minutes
#[derive(Args)]
pub(super) struct ConsoleLink {}

impl ConsoleLink {
    pub(super) async fn run(self, session: &Session) -> Done {
        let (client, out) = (&session.client, session.out);
        let answer = client.post("/v1/session/links", &"").await?;
        out.show(&answer, |value| text(value, "url"))?;
        if !out.json {
            out.note("It logs in once, within five minutes.");
        }
        Ok(())
    }
}
