//! What a process has used, as Linux says.

use std::time::Instant;

/// Clock ticks a second in `/proc`: fixed, whatever the kernel's own clock does.
const TICKS: f64 = 100.0;

/// Since when a job runs.
pub(crate) struct Usage(Instant);

impl Usage {
    /// Begins a job.
    pub(crate) fn start() -> Self {
        Usage(Instant::now())
    }

    /// Prints the CPU seconds of the process, the seconds of the job, and the most memory that was resident.
    pub(crate) fn tell(self, displaced: u64) {
        let wall = self.0.elapsed().as_secs_f64();
        println!(
            "{}",
            serde_json::json!({ "cpu": cpu(), "wall": wall, "peak_mb": peak_mb(), "displaced": displaced })
        );
    }
}

/// Returns the CPU seconds of this process, user and system: the fields 14 and 15 of `/proc/self/stat`.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let (_, fields) = stat.rsplit_once(')').expect("the name stands in brackets");
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.map(|field| field.parse::<f64>().expect("a number of ticks")).sum::<f64>() / TICKS
}

fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells");
    let kilobytes = peak.split_whitespace().next().expect("a number and a unit");
    kilobytes.parse::<f64>().expect("a number of kilobytes") / 1024.0
}
