//! How much memory this process may use.

use std::path::Path;

/// Returns the bytes of memory that this process may use: the machine's, or less by its control groups; 0 where nobody
/// tells.
pub(crate) fn limit() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let groups = group_limits(&read(Path::new("/proc/self/cgroup")), Path::new("/sys/fs/cgroup"), read);
    let machine = total(&read(Path::new("/proc/meminfo")));
    machine.into_iter().chain(groups).min().unwrap_or(0)
}

/// Returns the bytes that `/proc/meminfo` says there are.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Returns the limits of the control groups that `/proc/self/cgroup` names, and of those around them.
///
/// Both versions of control groups are known; "max" is no limit.
fn group_limits(groups: &str, root: &Path, read: impl Fn(&Path) -> String) -> Vec<u64> {
    let mut limits = Vec::new();
    for line in groups.lines() {
        let (root, path, file) = match line.splitn(3, ':').collect::<Vec<_>>()[..] {
            ["0", "", path] => (root.to_owned(), path, "memory.max"),
            [_, kinds, path] if kinds.split(',').any(|kind| kind == "memory") => {
                (root.join("memory"), path, "memory.limit_in_bytes")
            }
            _ => continue,
        };
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            limits.extend(read(&root.join(group).join(file)).trim().parse::<u64>());
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_least_limit_of_a_group_and_those_around_it_counts() {
        let files = BTreeMap::from([
            ("/sys/fs/cgroup/memory.max", "max\n"),
            ("/sys/fs/cgroup/a/memory.max", "4096\n"),
            ("/sys/fs/cgroup/a/b/memory.max", "8192\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/memory/small/memory.limit_in_bytes", "1024\n"),
        ]);
        let limits = |groups: &str| {
            let read =
                |path: &Path| files.get(path.to_str().unwrap()).copied().unwrap_or_default().to_owned();
            group_limits(groups, Path::new("/sys/fs/cgroup"), read).into_iter().min()
        };
        assert_eq!(limits("0::/a/b\n"), Some(4096));
        assert_eq!(limits("0::/\n"), None);
        assert_eq!(limits("12:pids:/x\n4:cpu,memory:/small\n0::/\n"), Some(1024));
        assert_eq!(limits("4:memory:/\n"), Some(9_223_372_036_854_771_712));
        assert_eq!(limits(""), None);
    }

    #[test]
    fn the_machines_memory_is_read_in_kilobytes() {
        assert_eq!(total("MemTotal:       24576 kB\nMemFree: 1 kB\n"), Some(24576 << 10));
        assert_eq!(total("nothing"), None);
    }
}
