//! Reads a trace of system calls (`strace -f -y`): was every answer given only
//! after the disk had what it is about?

use std::collections::{HashMap, HashSet};

/// Follows a trace and counts the answers, or tells the first that came before
/// a data sync of SQLite's log had made its row durable.
///
/// `named` gives the numbers of the rows whose texts stand in a write to the log,
/// `answered` the number of the row that a call tells the outside about.
pub fn answers_after_sync(
    trace: &str,
    named: impl Fn(&str) -> Vec<usize>,
    answered: impl Fn(&str) -> Option<usize>,
) -> Result<usize, String> {
    let mut written: Vec<usize> = Vec::new();
    let mut durable: HashSet<usize> = HashSet::new();
    // What a sync that has begun will make durable, by the thread that called it.
    let mut syncing: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut answers = 0;
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or((line, ""));
        let call = call.trim_start();
        let sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        let sync_ended =
            call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>");
        if call.starts_with("pwrite64(") && call.contains("-wal>") {
            written.extend(named(call));
        } else if sync && call.contains("-wal>") {
            if call.contains("<unfinished") {
                syncing.insert(thread, written.clone());
            } else if call.ends_with("= 0") {
                durable.extend(&written);
            }
        } else if sync_ended && call.ends_with("= 0") {
            durable.extend(syncing.remove(thread).unwrap_or_default());
        } else if let Some(id) = answered(call) {
            if !durable.contains(&id) {
                return Err(format!("{id} was answered before the disk had it"));
            }
            answers += 1;
        }
    }
    Ok(answers)
}
