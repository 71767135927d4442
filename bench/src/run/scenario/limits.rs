//! What the machine can do with nothing between: requests to the sink, and appends to the disk.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::clock;
use crate::run::bench::{Bench, Load};
use crate::run::report::{Report, Row, Spread};
use crate::run::stack::{RAW_BYTES, start_sink};

/// Bytes of a record, about those of an event and a delivery.
const RECORD_BYTES: usize = 600;

/// Records in one synced batch, as many as connections wait for it.
const BATCH: usize = 64;

/// Batches after which writing begins again at the front, so the file stays small.
const FILE_BATCHES: usize = 4_096;

/// Measures them and notes the pooled client's for the rows to come.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    bench.progress.scenario("limits");
    for (client, what) in [("pooled", "pooled client → sink"), ("conn", "bare connections → sink")] {
        let rate = requests(bench, client)?;
        if client == "pooled" {
            report.pooled_limit = Some(rate.median);
        }
        report.add(Row::new("limits", what, "req/s", rate));
    }
    for (records, what) in [(1, "synced appends, one record of 600 bytes"), (BATCH, "synced appends, batches of 64")] {
        bench.progress.step(what);
        let seconds = bench.options.seconds() / 2.0;
        let rates = (0..bench.options.runs())
            .map(|_| appends(bench.data_dir.path(), records, seconds))
            .collect::<anyhow::Result<Vec<_>>>()?;
        report.add(Row::new("limits", what, "records/s", Spread::of(rates)));
    }
    Ok(())
}

fn requests(bench: &Bench, client: &'static str) -> anyhow::Result<Spread> {
    let sink = start_sink(bench)?;
    let load = |seconds| Load {
        url: format!("{}/ok", sink.url),
        mode: "raw",
        client,
        connections: bench.options.connections,
        seconds,
        family: "bench",
        bytes: RAW_BYTES,
        ..Load::default()
    };
    bench.progress.step(&format!("{client} client to the sink"));
    bench.load(&load(bench.options.warm_up_seconds()))?;
    let rates = (0..bench.options.runs())
        .map(|_| Ok(bench.load(&load(bench.options.seconds()))?.requests_per_s))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Spread::of(rates))
}

/// Records per second, each batch on the disk before the next begins.
fn appends(dir: &Path, records: usize, seconds: f64) -> anyhow::Result<f64> {
    let mut file: File = tempfile::tempfile_in(dir)?;
    let batch = vec![b'x'; RECORD_BYTES * records];
    let duration = Duration::try_from_secs_f64(seconds)?;
    let started = clock::now();
    let mut batches = 0;
    while started.elapsed() < duration {
        if batches % FILE_BATCHES == 0 {
            file.seek(SeekFrom::Start(0))?;
        }
        file.write_all(&batch)?;
        file.sync_data()?;
        batches += 1;
    }
    Ok((batches * records) as f64 / started.elapsed().as_secs_f64())
}
