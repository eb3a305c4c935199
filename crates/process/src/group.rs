use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Kills all programs that run now, with all that they started.
///
/// For a command that is about to exit; a library that drops its futures needs it not.
pub fn kill_all() {
    for &leader in running().iter() {
        kill(leader);
    }
}

/// A process group that does not outlive this value.
pub struct Group {
    leader: u32,
}

impl Group {
    /// Takes over the group of a process that leads one.
    pub fn of(leader: u32) -> Self {
        running().insert(leader);
        Group { leader }
    }

    /// Kills whatever of the group still runs.
    pub fn kill(&self) {
        if running().remove(&self.leader) {
            kill(self.leader);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn kill(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(leader) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // It fails only where nothing of the group is left.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// Elsewhere the runtime kills the process itself when its handle is dropped.
#[cfg(not(unix))]
fn kill(_: u32) {}
