//! Whether Slack takes what we post.
use std::time::Duration;

use serde_json::json;

use super::{Method, Slack};

impl Slack {
    /// Posts one message to the channel; what came of it, in words.
    pub async fn try_out(&self, patience: Duration) -> Result<String, String> {
        let text = "A test of Bellwire: alerts and approvals are posted here.";
        let arguments = json!({"channel": self.channel, "text": text});
        match self.client.call_within(patience, Method::Post, &arguments).await {
            Ok(_) => Ok(format!("A message was posted to {}.", self.channel)),
            Err(failed) => Err(format!("Slack did not take a message to {}: {}.", self.channel, failed.why)),
        }
    }

    /// Where it posts.
    pub fn channel(&self) -> &str {
        &self.channel
    }
}
