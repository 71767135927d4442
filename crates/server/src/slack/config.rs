//! What is set of Slack: enough of it, or nothing.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::Context;
use bellwire_wire::WorkspaceId;
use serde::Deserialize;

use crate::{config::Secret, egress::AddressPolicy};

/// Where Slack's own API is.
pub const API_URL: &str = "https://slack.com/api";

/// What is set.
#[derive(Debug, Clone)]
pub struct SlackConfig {
    /// What the bot speaks with: `xoxb-…`.
    pub bot_token: Secret,
    /// What Slack signs its requests with.
    pub signing_secret: Secret,
    /// Where alerts are posted: a channel's id, or its name.
    pub channel: String,
    /// The Slack users who may raise budgets and decide approvals; without any, nobody may.
    pub approvers: BTreeSet<String>,
    /// Who Slack users are: the names of people, as keys have them. They may decide approvals.
    pub people: BTreeMap<String, String>,
    /// Whose alerts are posted; the first workspace's if absent.
    pub workspace: Option<WorkspaceId>,
    /// Where the API is, without a slash at the end.
    pub api_url: String,
}

/// `[slack]` in the file, or what flags and environment say.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSlack {
    /// See [`SlackConfig::bot_token`].
    pub bot_token: Option<Secret>,
    /// A file with the bot token.
    pub bot_token_file: Option<PathBuf>,
    /// See [`SlackConfig::signing_secret`].
    pub signing_secret: Option<Secret>,
    /// A file with the signing secret.
    pub signing_secret_file: Option<PathBuf>,
    /// See [`SlackConfig::channel`].
    pub channel: Option<String>,
    /// See [`SlackConfig::approvers`].
    pub approvers: Vec<String>,
    /// See [`SlackConfig::people`].
    pub people: BTreeMap<String, String>,
    /// See [`SlackConfig::workspace`].
    pub workspace: Option<String>,
    /// See [`SlackConfig::api_url`].
    pub api_url: Option<String>,
}

impl FileSlack {
    /// These settings over others. A secret and the file it may be in are one setting.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let secret = |value: Option<Secret>, file: Option<PathBuf>, below: (Option<Secret>, Option<PathBuf>)| {
            if value.is_some() || file.is_some() { (value, file) } else { below }
        };
        let (bot_token, bot_token_file) =
            secret(self.bot_token, self.bot_token_file, (below.bot_token, below.bot_token_file));
        let (signing_secret, signing_secret_file) =
            secret(self.signing_secret, self.signing_secret_file, (below.signing_secret, below.signing_secret_file));
        Self {
            bot_token,
            bot_token_file,
            signing_secret,
            signing_secret_file,
            channel: self.channel.or(below.channel),
            approvers: if self.approvers.is_empty() { below.approvers } else { self.approvers },
            people: if self.people.is_empty() { below.people } else { self.people },
            workspace: self.workspace.or(below.workspace),
            api_url: self.api_url.or(below.api_url),
        }
    }

    fn is_unset(&self) -> bool {
        let Self { bot_token, bot_token_file, signing_secret, signing_secret_file, channel, .. } = self;
        bot_token.is_none()
            && bot_token_file.is_none()
            && signing_secret.is_none()
            && signing_secret_file.is_none()
            && [channel, &self.workspace, &self.api_url].iter().all(|text| text.is_none())
            && self.approvers.is_empty()
            && self.people.is_empty()
    }

    /// Checks everything that Slack would refuse later; nothing if nothing is set.
    pub fn resolve(self, policy: &AddressPolicy) -> anyhow::Result<Option<SlackConfig>> {
        if self.is_unset() {
            return Ok(None);
        }
        let bot_token = secret("bot_token", self.bot_token, self.bot_token_file)?;
        let signing_secret = secret("signing_secret", self.signing_secret, self.signing_secret_file)?;
        let channel = self.channel.filter(|channel| !channel.is_empty()).ok_or_else(|| needs("channel"))?;
        let plain = |c: u8| c.is_ascii_graphic() && c != b'"';
        anyhow::ensure!(
            channel.len() <= 80 && channel.bytes().all(plain),
            "slack.channel must be a channel's id such as C0123456789"
        );
        let is_id = |user: &str| {
            user.starts_with(['U', 'W'])
                && (2..=32).contains(&user.len())
                && user.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        };
        for user in &self.approvers {
            anyhow::ensure!(is_id(user), "slack.approvers must be ids of users such as U0123456789, not `{user}`");
        }
        for (user, person) in &self.people {
            let good = is_id(user) && is_name(person);
            anyhow::ensure!(good, "slack.people must be ids of users and names such as U0123456789 = \"ana\"");
        }
        let workspace = self.workspace.map(|id| id.parse().context("slack.workspace")).transpose()?;
        let api_url = self.api_url.as_deref().unwrap_or(API_URL).trim_end_matches('/').to_owned();
        policy.check_url(&api_url).map_err(|error| anyhow::anyhow!("slack.api_url: {error}"))?;
        let (approvers, people) = (self.approvers.into_iter().collect(), self.people);
        Ok(Some(SlackConfig { bot_token, signing_secret, channel, approvers, people, workspace, api_url }))
    }
}

/// A person's name as keys have it.
fn is_name(person: &str) -> bool {
    (1..=120).contains(&person.chars().count())
        && person.trim() == person
        && !person.contains(':')
        && !person.chars().any(char::is_control)
}

/// A secret that Slack needs.
fn secret(name: &str, value: Option<Secret>, file: Option<PathBuf>) -> anyhow::Result<Secret> {
    Secret::given(&format!("slack.{name}"), value, file)?.ok_or_else(|| needs(name))
}

fn needs(name: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "slack.{name} is missing: Slack needs bot_token, signing_secret and channel, or none of its settings"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> FileSlack {
        FileSlack {
            bot_token: Some(Secret::new("xoxb-planted")),
            signing_secret: Some(Secret::new("planted-as-well")),
            channel: Some("C1".into()),
            approvers: vec!["U1".into()],
            ..FileSlack::default()
        }
    }

    #[test]
    fn it_is_set_whole_or_not_at_all_and_no_secret_is_shown() {
        let policy = AddressPolicy::default();
        assert!(FileSlack::default().resolve(&policy).expect("nothing is set").is_none());
        let config = set().resolve(&policy).expect("it is whole").expect("it is set");
        assert_eq!(config.api_url, API_URL);
        assert!(!format!("{config:?} {:?}", set()).contains("planted"));
        let half: [fn(&mut FileSlack); 11] = [
            |set| set.bot_token = None,
            |set| set.signing_secret = None,
            |set| set.channel = None,
            |set| set.bot_token = Some(Secret::new("planted in two\nlines")),
            |set| set.signing_secret = Some(Secret::new("")),
            |set| set.bot_token_file = Some("planted".into()),
            |set| set.approvers.push("ada".into()),
            |set| set.people = [("ada".into(), "ada".into())].into(),
            |set| set.people = [("U1".into(), "person:ada".into())].into(),
            |set| set.workspace = Some("default".into()),
            |set| set.api_url = Some("http://127.0.0.1/api".into()),
        ];
        for (nth, change) in half.into_iter().enumerate() {
            let mut some = set();
            change(&mut some);
            let error = format!("{:#}", some.resolve(&policy).expect_err("it is refused"));
            assert!(error.contains("slack.") && !error.contains("planted"), "{nth}: {error}");
        }
        let alone = FileSlack { approvers: vec!["U1".into()], ..FileSlack::default() };
        assert!(alone.resolve(&policy).is_err(), "approvers alone raise nothing");
    }

    #[test]
    fn a_secret_in_the_environment_wins_over_a_file_named_in_the_configuration() {
        let below = FileSlack { bot_token_file: Some("/nowhere".into()), ..set() };
        let below = FileSlack { bot_token: None, ..below };
        let above = FileSlack { bot_token: Some(Secret::new("above")), ..FileSlack::default() };
        let config = above.over(below).resolve(&AddressPolicy::default()).expect("it is whole").expect("it is set");
        assert_eq!(config.bot_token.expose(), "above");
    }
}
