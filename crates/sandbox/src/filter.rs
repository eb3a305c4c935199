//! The seccomp filter of a run: what a plain program needs, and nothing that makes, joins or looks into anything else.
//!
//! All that is not listed is answered as an unknown system call is, also what later kernels bring.

/// Whose system calls are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Programs of the interpreter: they start no other.
    Interpreter,
    /// Commands: what is installed starts what is installed.
    Command,
}

/// Returns the filter as the kernel reads it.
///
/// # Errors
/// What is missing, where this machine has no such filters.
#[cfg(target_os = "linux")]
pub(crate) fn program(whose: Whose) -> Result<Vec<u8>, String> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let arch = std::env::consts::ARCH.try_into().map_err(|error| format!("{error}"))?;
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let rules = linux::rules(whose).map_err(|error| error.to_string())?;
    let filter = SeccompFilter::new(rules.into_iter().collect(), unknown, SeccompAction::Allow, arch);
    let program: BpfProgram =
        filter.and_then(TryInto::try_into).map_err(|error: seccompiler::BackendError| error.to_string())?;
    Ok(program
        .iter()
        .flat_map(|step| {
            let mut bytes = [0; 8];
            bytes[..2].copy_from_slice(&step.code.to_ne_bytes());
            bytes[2..4].copy_from_slice(&[step.jt, step.jf]);
            bytes[4..].copy_from_slice(&step.k.to_ne_bytes());
            bytes
        })
        .collect())
}

/// There is none elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn program(_: Whose) -> Result<Vec<u8>, String> {
    Err("seccomp is Linux's".to_owned())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use libc::{
        AF_UNIX, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER,
        CLONE_NEWUTS, CLONE_PTRACE, F_SETLEASE, F_SETOWN,
    };
    use seccompiler::{
        BackendError, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition as Condition,
        SeccompRule as Rule,
    };

    use super::Whose;

    /// Allowed whatever their arguments are.
    const PLAIN: &[i64] = &[
        // Files and folders, as far as mounts and Landlock let them be seen.
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_readv,
        libc::SYS_writev,
        libc::SYS_pread64,
        libc::SYS_pwrite64,
        libc::SYS_close,
        libc::SYS_close_range,
        libc::SYS_openat,
        libc::SYS_fstat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_statfs,
        libc::SYS_fstatfs,
        libc::SYS_lseek,
        libc::SYS_getdents64,
        libc::SYS_readlinkat,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_mkdirat,
        libc::SYS_unlinkat,
        libc::SYS_renameat,
        libc::SYS_renameat2,
        libc::SYS_symlinkat,
        libc::SYS_linkat,
        libc::SYS_truncate,
        libc::SYS_ftruncate,
        libc::SYS_fallocate,
        libc::SYS_fsync,
        libc::SYS_fdatasync,
        libc::SYS_flock,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        libc::SYS_utimensat,
        libc::SYS_umask,
        libc::SYS_getcwd,
        libc::SYS_chdir,
        libc::SYS_fchdir,
        libc::SYS_dup,
        libc::SYS_dup3,
        libc::SYS_pipe2,
        libc::SYS_copy_file_range,
        libc::SYS_sendfile,
        libc::SYS_fadvise64,
        // Waiting.
        libc::SYS_ppoll,
        libc::SYS_pselect6,
        libc::SYS_epoll_create1,
        libc::SYS_epoll_ctl,
        libc::SYS_epoll_pwait,
        libc::SYS_eventfd2,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
        libc::SYS_clock_gettime,
        libc::SYS_clock_getres,
        libc::SYS_gettimeofday,
        libc::SYS_getitimer,
        libc::SYS_setitimer,
        libc::SYS_timer_create,
        libc::SYS_timer_settime,
        libc::SYS_timer_delete,
        // What a pair of sockets says.
        libc::SYS_sendto,
        libc::SYS_recvfrom,
        libc::SYS_sendmsg,
        libc::SYS_recvmsg,
        libc::SYS_shutdown,
        libc::SYS_getsockopt,
        libc::SYS_getsockname,
        libc::SYS_getpeername,
        // Memory.
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_mincore,
        libc::SYS_msync,
        libc::SYS_membarrier,
        // Threads, children and signals: all within the namespace.
        libc::SYS_futex,
        libc::SYS_set_robust_list,
        libc::SYS_get_robust_list,
        libc::SYS_set_tid_address,
        libc::SYS_rseq,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_wait4,
        libc::SYS_waitid,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_tgkill,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigpending,
        libc::SYS_rt_sigsuspend,
        libc::SYS_rt_sigtimedwait,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_setsid,
        libc::SYS_setpgid,
        libc::SYS_getpgid,
        libc::SYS_getsid,
        // Who and where.
        libc::SYS_getpid,
        libc::SYS_getppid,
        libc::SYS_gettid,
        libc::SYS_getuid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getegid,
        libc::SYS_getresuid,
        libc::SYS_getresgid,
        libc::SYS_getgroups,
        libc::SYS_uname,
        libc::SYS_sysinfo,
        libc::SYS_getrusage,
        libc::SYS_times,
        libc::SYS_getrandom,
        libc::SYS_getcpu,
    ];

    /// Older names of the same.
    #[cfg(target_arch = "x86_64")]
    const OLDER: &[i64] = &[
        libc::SYS_open,
        libc::SYS_stat,
        libc::SYS_lstat,
        libc::SYS_access,
        libc::SYS_readlink,
        libc::SYS_mkdir,
        libc::SYS_rmdir,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_symlink,
        libc::SYS_link,
        libc::SYS_chmod,
        libc::SYS_dup2,
        libc::SYS_pipe,
        libc::SYS_poll,
        libc::SYS_select,
        libc::SYS_epoll_wait,
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_time,
        libc::SYS_pause,
        libc::SYS_alarm,
        libc::SYS_getpgrp,
        libc::SYS_arch_prctl,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const OLDER: &[i64] = &[];

    /// What commands may do besides: start programs, look at their limits and places among others, and wait in more ways.
    const OF_COMMANDS: &[i64] = &[
        libc::SYS_execve,
        libc::SYS_memfd_create,
        libc::SYS_preadv,
        libc::SYS_pwritev,
        libc::SYS_preadv2,
        libc::SYS_pwritev2,
        libc::SYS_readahead,
        libc::SYS_timer_gettime,
        libc::SYS_timer_getoverrun,
        libc::SYS_timerfd_create,
        libc::SYS_timerfd_settime,
        libc::SYS_timerfd_gettime,
        libc::SYS_signalfd4,
        libc::SYS_getrlimit,
        libc::SYS_setrlimit,
        libc::SYS_getpriority,
        libc::SYS_setpriority,
        libc::SYS_capget,
        libc::SYS_mlock,
        libc::SYS_munlock,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_getparam,
        libc::SYS_sched_getscheduler,
        libc::SYS_sched_get_priority_max,
        libc::SYS_sched_get_priority_min,
    ];
    #[cfg(target_arch = "x86_64")]
    const OLDER_OF_COMMANDS: &[i64] = &[libc::SYS_creat, libc::SYS_utime, libc::SYS_utimes];
    #[cfg(not(target_arch = "x86_64"))]
    const OLDER_OF_COMMANDS: &[i64] = &[];
    /// PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS.
    const ASKED_OF_COMMANDS: [u64; 3] = [23, 38, 39];

    const NEW_NAMESPACES: i32 = CLONE_NEWNS
        | CLONE_NEWUTS
        | CLONE_NEWIPC
        | CLONE_NEWUSER
        | CLONE_NEWPID
        | CLONE_NEWNET
        | CLONE_NEWCGROUP
        | CLONE_PTRACE;
    /// TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what files and pipes are asked.
    const ASKED_OF_FILES: [u64; 6] = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];
    const F_SETSIG: i32 = 10;
    /// PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, and the name of a piece of memory.
    const ASKED_OF_PROCESSES: [u64; 4] = [15, 16, 3, 0x5356_4d41];

    pub(super) fn rules(whose: Whose) -> Result<BTreeMap<i64, Vec<Rule>>, BackendError> {
        let mut rules: BTreeMap<i64, Vec<Rule>> =
            PLAIN.iter().chain(OLDER).map(|number| (*number, Vec::new())).collect();
        // clone3 hides its flags: the C library falls back to clone, whose flags are seen.
        let namespaces = u64::from(NEW_NAMESPACES.unsigned_abs());
        rules.insert(libc::SYS_clone, vec![only(0, Op::MaskedEq(namespaces), 0)?]);
        rules.insert(libc::SYS_ioctl, any(1, &ASKED_OF_FILES)?);
        let mut asked_of_processes = any(0, &ASKED_OF_PROCESSES)?;
        if whose == Whose::Command {
            rules.extend(OF_COMMANDS.iter().chain(OLDER_OF_COMMANDS).map(|number| (*number, Vec::new())));
            asked_of_processes.extend(any(0, &ASKED_OF_COMMANDS)?);
        }
        rules.insert(libc::SYS_prctl, asked_of_processes);
        // Its own limits, to read or to lower; no other process's.
        rules.insert(libc::SYS_prlimit64, any(0, &[0])?);
        rules.insert(libc::SYS_socketpair, any(0, &[AF_UNIX.unsigned_abs().into()])?);
        let mut fcntl = Vec::new();
        for forbidden in [F_SETOWN, F_SETSIG, F_SETLEASE] {
            fcntl.push(Condition::new(1, Len::Dword, Op::Ne, forbidden.unsigned_abs().into())?);
        }
        rules.insert(libc::SYS_fcntl, vec![Rule::new(fcntl)?]);
        Ok(rules)
    }

    fn only(argument: u8, how: Op, value: u64) -> Result<Rule, BackendError> {
        Rule::new(vec![Condition::new(argument, Len::Qword, how, value)?])
    }

    fn any(argument: u8, values: &[u64]) -> Result<Vec<Rule>, BackendError> {
        let one = |value: &u64| Rule::new(vec![Condition::new(argument, Len::Dword, Op::Eq, *value)?]);
        values.iter().map(one).collect()
    }
}
