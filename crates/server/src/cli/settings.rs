//! The options every command takes, and where they come from: flags over environment over the
//! profile over defaults.
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde::Deserialize;
use url::Url;

use super::{
    client::Client,
    failure::{Done, Failure},
    http::Http,
    out::Out,
    same_user,
};

/// Where a server is looked for if nothing says otherwise.
pub(super) const URL: &str = "http://127.0.0.1:4800";

/// Options of every command.
#[derive(Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// The server [default: the profile's, or `http://127.0.0.1:4800`]
    #[arg(long, global = true, env = "BELLWIRE_URL", value_name = "URL")]
    pub(super) url: Option<String>,
    /// The API key [default: the profile's]
    #[arg(long, global = true, env = "BELLWIRE_KEY", hide_env_values = true, value_name = "KEY")]
    pub(super) key: Option<String>,
    /// The profile of the configuration file to use
    #[arg(long, global = true, env = "BELLWIRE_PROFILE", value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Print JSON documents or lines to stdout
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// No colours, whatever the terminal
    #[arg(long, global = true, env = "NO_COLOR", hide_env = true, num_args = 0..=1, require_equals = true,
        default_missing_value = "1", hide = true)]
    no_color: Option<String>,
    #[arg(long, global = true, env = "XDG_CONFIG_HOME", hide = true)]
    config_home: Option<PathBuf>,
    #[arg(long, global = true, env = "XDG_STATE_HOME", hide = true)]
    state_home: Option<PathBuf>,
    #[arg(long, global = true, env = "HOME", hide = true)]
    home: Option<PathBuf>,
}

/// `~/.config/bellwire/config.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    /// The profile used unless another is named.
    profile: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// Where a server is, and who asks.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    pub(super) url: Option<String>,
    pub(super) key: Option<String>,
}

/// What a command works with.
pub(super) struct Session {
    pub(super) out: Out,
    pub(super) client: Client,
    pub(super) global: Global,
}

impl Global {
    /// Whether colours were refused (`NO_COLOR`: set and not empty).
    fn plain(&self) -> bool {
        self.no_color.as_deref().is_some_and(|value| !value.is_empty())
    }

    pub(super) fn out(&self) -> Out {
        Out::new(self.json, self.plain())
    }

    /// Where the profiles are.
    pub(super) fn config_path(&self) -> Option<PathBuf> {
        let base = self.config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")));
        base.map(|base| base.join("bellwire/config.toml"))
    }

    /// Where what commands remember is.
    pub(super) fn state_path(&self, name: &str) -> Done<PathBuf> {
        let base = self.state_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/state")));
        let base = base.ok_or_else(|| Failure::failed("neither XDG_STATE_HOME nor HOME is set"))?;
        Ok(base.join("bellwire").join(name))
    }

    /// The profile in force; an empty one if there is none.
    pub(super) fn chosen_profile(&self) -> Done<Profile> {
        let path = self.config_path();
        let file = match &path {
            Some(path) => read(path)?,
            None => File::default(),
        };
        if let Some(path) = &path {
            warn_of_readers(self.out(), path, &file);
        }
        let Some(name) = self.profile.clone().or(file.profile) else { return Ok(Profile::default()) };
        file.profiles.get(&name).cloned().ok_or_else(|| {
            let known: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
            let place = path.map(|path| path.display().to_string()).unwrap_or_default();
            Failure::usage(format!("there is no profile `{name}` in {place}")).hint(if known.is_empty() {
                format!("add one: [profiles.{name}] with url and key")
            } else {
                format!("it has {}", known.join(", "))
            })
        })
    }

    pub(super) fn session(&self) -> Done<Session> {
        let profile = self.chosen_profile()?;
        let url = self.url.clone().or(profile.url).unwrap_or_else(|| URL.to_owned());
        let key = self.key.clone().or(profile.key).filter(|key| !key.is_empty());
        let none = key.is_none();
        let mut client = Client::new(Http::default(), &url, key)?;
        if none && client.is_near() {
            let (global, url) = (self.clone(), Url::parse(&url).ok());
            client = client.with_finder(Arc::new(move || same_user::find(&global, url.as_ref()?)));
        }
        Ok(Session { out: self.out(), client, global: self.clone() })
    }
}

/// A key that others can read is theirs.
fn warn_of_readers(out: Out, path: &Path, file: &File) {
    let has_key = file.profiles.values().any(|profile| profile.key.is_some());
    if has_key && std::fs::metadata(path).is_ok_and(|about| same_user::is_open_to_others(&about)) {
        let shown = path.display();
        out.note(format!("warning: others can read the keys in {shown}\nhint: chmod 600 {shown}"));
    }
}

fn read(path: &Path) -> Done<File> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| {
            Failure::usage(format!("{} cannot be used: {}", path.display(), error.to_string().trim_end()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_a_url_and_a_key_and_nothing_unknown() {
        let file: File = toml::from_str("profile = \"dev\"\n[profiles.dev]\nurl = \"http://a\"\nkey = \"k\"").unwrap();
        assert_eq!(file.profile.as_deref(), Some("dev"));
        assert_eq!(file.profiles["dev"].url.as_deref(), Some("http://a"));
        assert!(toml::from_str::<File>("[profiles.dev]\nurll = \"x\"").is_err());
    }
}
