//! `bellwire-sink`: a receiver on loopback that counts what arrives; see [`bellwire_bench::sink`].

use anyhow::Context as _;
use bellwire_bench::{run::process::end_with_parent, sink};
use clap::Parser;
use tokio::net::TcpListener;

/// Receives webhooks on loopback, counts them and notes when they arrived.
///
/// Paths: /ok, /500, /slow?ms=N, /hang, /gate (hangs until opened); anything after them (/ok/7) is
/// counted apart. Controls: /stats, /reset, /reset?track=ids, /open, /shut.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Worker threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// End when the starting process ends.
    #[arg(long)]
    with_parent: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if options.with_parent {
        end_with_parent()?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(options.threads).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", options.port))
            .await
            .with_context(|| format!("cannot listen on 127.0.0.1:{}", options.port))?;
        println!("listening on http://{}", listener.local_addr()?);
        sink::serve(listener).await;
        Ok(())
    })
}
