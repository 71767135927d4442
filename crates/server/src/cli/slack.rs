//! The settings of Slack, as flags and environment.
use std::path::PathBuf;

use clap::Args;

use crate::{config::Secret, slack::FileSlack};

#[derive(Args)]
pub(super) struct SlackArgs {
    /// The bot token of the Slack app
    #[arg(long = "slack-bot-token", env = "BELLWIRE_SLACK_BOT_TOKEN", hide = true, hide_env_values = true)]
    bot_token: Option<String>,
    /// A file with the bot token of the Slack app that tells of exhausted budgets
    #[arg(long = "slack-bot-token-file", env = "BELLWIRE_SLACK_BOT_TOKEN_FILE", value_name = "FILE")]
    bot_token_file: Option<PathBuf>,
    /// The signing secret of the Slack app
    #[arg(long = "slack-signing-secret", env = "BELLWIRE_SLACK_SIGNING_SECRET", hide = true, hide_env_values = true)]
    signing_secret: Option<String>,
    /// A file with the signing secret of the Slack app
    #[arg(long = "slack-signing-secret-file", env = "BELLWIRE_SLACK_SIGNING_SECRET_FILE", value_name = "FILE")]
    signing_secret_file: Option<PathBuf>,
    /// The Slack channel that is told, such as C0123456789
    #[arg(long = "slack-channel", env = "BELLWIRE_SLACK_CHANNEL", value_name = "ID")]
    channel: Option<String>,
    /// A Slack user who may raise budgets and decide approvals, such as U0123456789; may be repeated [default: nobody]
    #[arg(long = "slack-approver", env = "BELLWIRE_SLACK_APPROVERS", value_delimiter = ',', value_name = "ID")]
    approvers: Vec<String>,
    /// Who a Slack user is, such as U0123456789=ana; they may decide approvals; may be repeated
    #[arg(long = "slack-person", env = "BELLWIRE_SLACK_PEOPLE", value_delimiter = ',', value_name = "ID=NAME",
        value_parser = person)]
    people: Vec<(String, String)>,
    /// The workspace whose exhausted budgets and approvals Slack is told of [default: the first]
    #[arg(long = "slack-workspace", env = "BELLWIRE_SLACK_WORKSPACE", value_name = "ID")]
    workspace: Option<String>,
    /// Where Slack's API is [default: `https://slack.com/api`]
    #[arg(long = "slack-api-url", env = "BELLWIRE_SLACK_API_URL", value_name = "URL")]
    api_url: Option<String>,
}

/// An empty variable is as good as none.
fn person(text: &str) -> Result<(String, String), String> {
    if text.is_empty() {
        return Ok(Default::default());
    }
    let (user, person) = text.split_once('=').ok_or("must be a user's id and a name, such as U0123456789=ana")?;
    Ok((user.trim().to_owned(), person.trim().to_owned()))
}

impl From<SlackArgs> for FileSlack {
    /// An empty variable is as good as none.
    fn from(args: SlackArgs) -> Self {
        let text = |value: Option<String>| value.filter(|value| !value.is_empty());
        let file = |value: Option<PathBuf>| value.filter(|value| !value.as_os_str().is_empty());
        Self {
            bot_token: text(args.bot_token).map(Secret::new),
            bot_token_file: file(args.bot_token_file),
            signing_secret: text(args.signing_secret).map(Secret::new),
            signing_secret_file: file(args.signing_secret_file),
            channel: text(args.channel),
            approvers: args.approvers.into_iter().filter(|user| !user.is_empty()).collect(),
            people: args.people.into_iter().filter(|(user, _)| !user.is_empty()).collect(),
            workspace: text(args.workspace),
            api_url: text(args.api_url),
        }
    }
}
