//! Which store the configuration asks for, and the master key it is opened with.
use std::{sync::Arc, time::Duration};

use anyhow::Context;
use bellwire_store::{MasterKey, Observer, PostgresOptions, SqliteOptions, Store, Vault};

use crate::{clock::Clock, config::Config, mint};

/// Threads that read, each with a connection of its own.
const READERS: usize = 3;
/// Partitions of events, deliveries and attempts that are kept: retention goes by whole ones, and every
/// statement locks all that it might touch.
const PARTITIONS: u32 = 8;
const DAY: Duration = Duration::from_hours(24);

/// The master key: given, or in the file that was named, or in the data directory. Nodes on PostgreSQL
/// that were given none share one that their database keeps.
pub async fn master_key(config: &Config, given: Option<String>) -> anyhow::Result<MasterKey> {
    if let Some(text) = given {
        return MasterKey::parse(&text).context("BELLWIRE_MASTER_KEY");
    }
    if let Some(file) = &config.master_key_file {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        return MasterKey::parse(&text).with_context(|| format!("{}", file.display()));
    }
    let file = config.data_dir.join("master.key");
    if let Some(url) = &config.database_url
        && !file.exists()
    {
        let kept = Store::kept_master_key(url.expose().to_owned(), MasterKey::random(), config.migrations).await?;
        let kept = kept.context(
            "this database is sealed under a master key that this node was not given: \
             set BELLWIRE_MASTER_KEY or BELLWIRE_MASTER_KEY_FILE to that of the other nodes",
        )?;
        tracing::warn!(
            "the master key is kept in the database it protects; to keep it elsewhere, see docs/guides/postgresql.md"
        );
        return Ok(kept);
    }
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
    MasterKey::load_or_create(&file).with_context(|| format!("cannot read or make {}", file.display()))
}

/// What one partition holds.
pub(crate) fn partition(config: &Config) -> Duration {
    (config.retention / PARTITIONS).max(DAY)
}

/// Opens the store.
pub async fn open(config: &Config, vault: &Arc<Vault>, observer: Arc<dyn Observer>) -> anyhow::Result<Store> {
    let vault = Arc::clone(vault);
    if let Some(url) = &config.database_url {
        let options = PostgresOptions {
            url: url.expose().to_owned(),
            vault,
            observer,
            readers: READERS,
            partition: partition(config),
            node: mint::node_id(),
            migrations: config.migrations,
        };
        return Ok(Store::open_postgres(options).await?);
    }
    let now = Clock::SYSTEM.now();
    let options = SqliteOptions { dir: config.data_dir.clone(), vault, observer, readers: READERS, now };
    Ok(tokio::task::spawn_blocking(move || Store::open_sqlite(options)).await??)
}
