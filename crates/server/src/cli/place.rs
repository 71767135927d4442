//! Where a deployment is: what `serve` takes, and whatever works on its storage.
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::config::{File, SecretUrl};

#[derive(Args)]
pub(super) struct Place {
    /// Where the embedded database and the master key are [default: ./bellwire-data]
    #[arg(long, env = "BELLWIRE_DATA_DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// A PostgreSQL database (14 or later) instead of the embedded one: any number of nodes may share it,
    /// such as `postgres://user:password@db.internal/bellwire`
    #[arg(long, env = "BELLWIRE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// A file with the master key, 64 hexadecimal digits [default: master.key in the data directory]
    #[arg(long, env = "BELLWIRE_MASTER_KEY_FILE", value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// The master key itself, 64 hexadecimal digits
    #[arg(long = "master-key", env = "BELLWIRE_MASTER_KEY", hide = true, hide_env_values = true)]
    pub(super) master_key: Option<String>,
    /// Keep events, deliveries and attempts so many days; what a partition of a PostgreSQL database holds
    /// follows from it [default: 30]
    #[arg(long, env = "BELLWIRE_RETENTION_DAYS")]
    retention_days: Option<u32>,
    /// The configuration file [default: bellwire.toml, if it is there]
    #[arg(long, env = "BELLWIRE_CONFIG")]
    config: Option<PathBuf>,
}

impl Place {
    /// The configuration file with these settings over it; the data directory is left to
    /// [`crate::config::Config::resolve`].
    pub(super) fn over_file(&self) -> anyhow::Result<File> {
        let mut file = read_file(self.config.as_deref())?;
        file.database_url = self.database_url.clone().map(SecretUrl::new).or(file.database_url);
        file.master_key_file = self.master_key_file.clone().or(file.master_key_file);
        file.retention_days = self.retention_days.or(file.retention_days);
        Ok(file)
    }
}

fn read_file(path: Option<&Path>) -> anyhow::Result<File> {
    let (path, needed) = path.map_or((Path::new("bellwire.toml"), false), |path| (path, true));
    match std::fs::read_to_string(path) {
        Ok(text) => File::read(&text).map_err(|error| anyhow::anyhow!("{} cannot be used: {error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !needed => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
