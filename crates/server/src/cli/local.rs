//! A server in this process, on a free port, for `demo` and `bench`.
use std::path::Path;

use bellwire_domain::Mint;
use tokio_util::sync::CancellationToken;

use super::{client::Client, failure::Done, http::Http, state::Scratch};
use crate::{
    clock::Clock,
    config::{Config, File},
    mint::Dice,
    serve::{Secrets, Server},
};

/// A running server and the owner's way to it.
pub(super) struct Local {
    pub(super) client: Client,
    pub(super) key: String,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
    _scratch: Option<Scratch>,
}

impl Local {
    /// Starts one that may send to loopback: in `data_dir`, or in a directory that goes with it.
    pub(super) async fn start(
        purpose: &str,
        data_dir: Option<&Path>,
        listen: &str,
        key: Option<String>,
        tasks: &tokio_util::task::TaskTracker,
    ) -> Done<Self> {
        let scratch = if data_dir.is_none() { Some(Scratch::new(purpose)?) } else { None };
        let dir = data_dir.or(scratch.as_ref().map(Scratch::path)).unwrap_or_else(|| Path::new("."));
        let key = key.unwrap_or_else(|| {
            let mut bytes = [0_u8; 32];
            Dice::random(Clock::SYSTEM).random(&mut bytes);
            format!("bw_owner_{}", hex::encode(bytes))
        });
        let config = Config::resolve(File::default(), Some(dir.to_owned()), Some(listen.to_owned()), true)?;
        let server = Server::start(config, Secrets { owner_key: Some(key.clone()), master_key: None }, None).await?;
        let client = Client::new(Http::default(), &format!("http://{}", server.address), Some(key.clone()))?;
        let stop = CancellationToken::new();
        let running = tasks.spawn(server.run(stop.clone()));
        Ok(Self { client, key, stop, running, _scratch: scratch })
    }

    /// Stops it and waits until it has.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        drop(self.running.await);
    }
}
