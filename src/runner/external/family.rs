//! The processes that a program has started: what they use, and that none is left behind.
//!
//! Linux tells; elsewhere the process group, which the runner ends, has to do.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::fs;
use std::time::Duration;

/// Makes this process the parent of whatever its descendants leave behind, so that [`end`] finds it.
pub(crate) fn adopt_strays() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Ends all descendants of this process, also those that have left its process group.
pub(crate) fn end() {
    let own = std::process::id();
    // A process may fork while the list is read: again, until none is left or none can be ended.
    for _ in 0..50 {
        let all = descendants(own);
        if all.is_empty() {
            return;
        }
        for pid in all.iter().filter_map(|pid| raw(*pid)) {
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
        std::thread::sleep(Duration::from_millis(4));
    }
}

/// Processor seconds that a process and its descendants have used so far, with those already waited for.
pub(crate) fn processor_seconds(root: u32) -> Option<f64> {
    let ticks: u64 = descendants(root).into_iter().chain([root]).filter_map(ticks).sum();
    let running = ticks > 0 || fs::metadata(format!("/proc/{root}")).is_ok();
    #[expect(clippy::cast_precision_loss, reason = "ticks are far below 2⁵³")]
    running.then(|| ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The largest resident size of a process so far, in bytes.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// User and system time of a process and of its children that have ended, in ticks (proc(5), fields 14–17 of stat).
fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may itself hold brackets and blanks.
    let after = stat.get(stat.rfind(')')? + 1..)?;
    Some(after.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum())
}

fn descendants(root: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|child| child.parse().ok());
            for child in children.filter(|child| !found.contains(child)).collect::<Vec<u32>>() {
                found.push(child);
                open.push(child);
            }
        }
    }
    found
}

fn raw(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_family_is_seen_whole_and_its_work_is_counted() {
        let script = "(while :; do :; done) & sleep 60 & wait";
        let mut shell = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().expect("a shell");
        let pid = shell.id();
        let seen = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            descendants(pid).len() == 2 && processor_seconds(pid).is_some_and(|s| s > 0.05)
        });
        for child in descendants(pid).into_iter().chain([pid]).filter_map(raw) {
            let _ = kill_process(child, Signal::KILL);
        }
        let _ = shell.wait();
        assert!(seen, "a busy and a sleeping child");
        assert!(processor_seconds(pid).is_none(), "the process is gone");
    }
}
