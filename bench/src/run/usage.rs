//! What a process has used, read from `/proc`.

use anyhow::Context as _;

/// Seconds of CPU, user and system, over all threads, since the process began.
pub fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).context(path)?;
    let ticks = cpu_ticks(&stat).context("/proc/<pid>/stat is not as proc(5) says")?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Resident memory in MiB.
pub fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).context(path)?;
    let kib = resident_kib(&status).context("/proc/<pid>/status has no VmRSS")?;
    Ok(kib as f64 / 1_024.0)
}

/// utime and stime, fields 14 and 15; the second field may hold spaces and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 90 0 0 0 250 150 0 0 20 0 9 0 100";
        assert_eq!(cpu_ticks(stat), Some(400));
    }

    #[test]
    fn resident_memory_is_found_among_the_lines() {
        assert_eq!(resident_kib("VmPeak:\t  9 kB\nVmRSS:\t    2048 kB\n"), Some(2_048));
    }

    #[test]
    fn this_process_has_used_something() -> anyhow::Result<()> {
        assert!(resident_mib(std::process::id())? > 0.0);
        assert!(cpu_seconds(std::process::id())? >= 0.0);
        Ok(())
    }
}
