//! Open files: most systems start a process with a limit far below what it may
//! ask for, and every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the store, the log and calls to others need besides connections.
const RESERVED: u64 = 512;

/// Raises the limit of this process as far as it may, and tells how many
/// connections fit into it, `most` at most.
pub fn room_for_connections(most: usize) -> usize {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: before.maximum, maximum: before.maximum };
    let limit = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => before.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            before.current
        }
    };
    room(limit, most)
}

/// No limit is `None`.
fn room(limit: Option<u64>, most: usize) -> usize {
    let Some(limit) = limit else { return most };
    // However low the limit is, part of it is for connections.
    let room = limit.saturating_sub(RESERVED).max(limit / 2).max(1);
    usize::try_from(room).unwrap_or(most).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_rest() {
        for (limit, expected) in [
            (None, 8192),
            (Some(1_048_576), 8192),
            (Some(4096), 3584),
            (Some(1024), 512),
            (Some(256), 128),
            (Some(0), 1),
        ] {
            assert_eq!(room(limit, 8192), expected, "{limit:?}");
        }
    }
}
