//! Results that change while a caller reads page after page in the order of time:
//! a new version takes a resource to the newest end, away from its place. So every
//! page first gives what has moved away from the part that was not read yet, and a
//! walk towards the newest ends where it was when the walk began.

use std::time::Duration;

use koppeltaal_core::id::first_key_at;
use koppeltaal_core::search::{SortBy, SortKey};
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::resource::search::{self, Cursor, Page, Search};
use serde::{Deserialize, Serialize};

/// How much later than its time a version may come to light: the length of a
/// write, and the difference of the clocks of two servers.
const MARGIN: Duration = Duration::from_secs(2);
/// Results that are remembered so that they are not given twice.
const MOST_SEEN: usize = 250;

/// What a search has to know of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// The newest stamp when the first page was read: what was created later is
    /// no result.
    #[serde(rename = "b")]
    start: i64,
    /// What changed up to this stamp was seen in its place.
    #[serde(rename = "s")]
    since: i64,
    /// Results given with a later stamp that have earlier versions: key, and stamp
    /// counted from `since`.
    #[serde(rename = "k")]
    seen: Vec<(i64, i64)>,
}

impl Moves {
    /// At a first page, asked for at `now`; `newest` is the stamp of what is newest.
    pub fn begin(newest: i64, now: Timestamp) -> Self {
        Self { start: newest, since: first_key_at(now.minus(MARGIN)), seen: Vec::new() }
    }

    /// Whether a change takes a resource to another place in this order.
    pub fn matter(sort: &[SortKey]) -> bool {
        matches!(sort, [SortKey { by: SortBy::Updated, .. }, ..])
    }

    /// What has moved from beyond `after`, where the page before ended; up to a full
    /// page.
    pub fn found(
        &self,
        tx: &mut DomainTx<'_>,
        wanted: &Search,
        after: &Cursor,
    ) -> Result<Vec<Stored>> {
        let Some(end) = after.stamp() else { return Ok(Vec::new()) };
        let seen = i64::try_from(self.seen.len()).unwrap_or(0);
        let (since, stood) = match newest_first(&wanted.sort) {
            // What changed and is still below the end is going to be met there.
            true => (self.since.max(end), i64::MIN..end),
            false => (self.since.max(self.start), end + 1..self.start + 1),
        };
        let mut moved = search::moved(
            tx,
            &wanted.resource_type,
            &wanted.conditions,
            since,
            self.start,
            stood,
            wanted.limit.saturating_add(seen),
        )?;
        moved.retain(|stored| self.seen.iter().all(|(key, _)| *key != stored.key));
        moved.truncate(usize::try_from(wanted.limit).unwrap_or(0));
        Ok(moved)
    }

    /// Takes off the end of a page what changed after the first one: from the oldest
    /// to the newest the walk would meet again what it has given, and never end.
    pub fn cut(&self, sort: &[SortKey], page: &mut Page) {
        if newest_first(sort) {
            return;
        }
        let all = page.found.len();
        page.found.retain(|stored| stored.stamp <= self.start);
        if page.found.len() < all {
            page.next = None;
        }
    }

    /// After a page with these results, asked for at `now`. When it had no room for
    /// all that has moved the next one looks as far back.
    #[must_use]
    pub fn after_page(self, results: &[Stored], now: Timestamp, is_full: bool) -> Self {
        let since = match is_full {
            true => self.since,
            false => first_key_at(now.minus(MARGIN)).max(self.since),
        };
        let passed = since - self.since;
        let before = self.seen.iter().map(|(key, late)| (*key, late - passed));
        // What has no earlier version was never anywhere else.
        let changed = results.iter().filter(|stored| stored.version > 1);
        let given = changed.map(|stored| (stored.key, stored.stamp - since));
        let mut seen: Vec<(i64, i64)> = before.chain(given).filter(|(_, late)| *late > 0).collect();
        seen.sort_unstable_by_key(|(_, late)| std::cmp::Reverse(*late));
        Self { since, seen, ..self }.remembering(MOST_SEEN)
    }

    /// The same with no more than the latest `most` in memory. Whoever is forgotten
    /// must not be given again, so nothing as early as that is looked at any more:
    /// such changes are the least likely to come to light late.
    fn remembering(mut self, most: usize) -> Self {
        if let Some((_, late)) = self.seen.get(most).copied() {
            self.since += late;
            self.seen.truncate(most);
            self.seen.iter_mut().for_each(|(_, other)| *other -= late);
            self.seen.retain(|(_, late)| *late > 0);
        }
        self
    }

    /// The same without memory of what was given, to make a link shorter.
    #[must_use]
    pub fn forgetful(self) -> Self {
        self.remembering(0)
    }
}

fn newest_first(sort: &[SortKey]) -> bool {
    matches!(sort, [SortKey { is_descending: true, .. }, ..])
}

#[cfg(test)]
mod tests {
    use koppeltaal_core::resource::Body;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_314_490_000_000);

    fn result(key: i64, version: i64, at: Timestamp) -> Stored {
        Stored {
            key,
            stamp: first_key_at(at),
            resource_type: "Task",
            id: key.to_string(),
            version,
            updated: at,
            deleted: false,
            origin: String::new(),
            body: Body::new("", ""),
        }
    }

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn only_the_order_by_time_is_followed() {
        let down = SortKey { by: SortBy::Updated, is_descending: true };
        let up = SortKey { by: SortBy::Updated, is_descending: false };
        let id = SortKey { by: SortBy::Id, is_descending: true };
        for sort in [vec![down.clone()], vec![up], vec![down.clone(), id.clone()]] {
            assert!(Moves::matter(&sort));
        }
        for sort in [vec![id.clone()], vec![id, down], vec![]] {
            assert!(!Moves::matter(&sort));
        }
    }

    #[test]
    fn recent_changes_are_remembered_until_they_are_old() {
        let begin = Moves::begin(0, later(10));
        let results = [result(1, 2, later(9)), result(2, 2, later(7)), result(3, 1, later(9))];
        let second = begin.after_page(&results, later(10), false);
        let keys = |moves: &Moves| moves.seen.iter().map(|(key, _)| *key).collect::<Vec<_>>();
        assert_eq!(keys(&second), [1], "what is old, and what has no earlier version, stays put");
        let third = second.after_page(&[result(4, 3, later(11))], later(10), false);
        assert_eq!(keys(&third), [4, 1]);
        let fourth = third.after_page(&[], later(12), false);
        assert_eq!(keys(&fourth), [4]);
        assert_eq!(fourth.since, first_key_at(later(10)));
    }

    #[test]
    fn a_page_full_of_moves_does_not_let_go_of_the_rest() {
        let begin = Moves::begin(0, NOW);
        let since = begin.since;
        let next = begin.after_page(&[result(1, 2, later(5))], later(20), true);
        assert_eq!(next.since, since);
        assert_eq!(next.seen.len(), 1);
        let back = next.clone().after_page(&[], NOW, false);
        assert_eq!(back.since, since, "a clock that jumps back does not repeat pages");
    }

    #[test]
    fn whoever_is_forgotten_is_not_given_again() {
        let many: Vec<Stored> = (0..400_i64)
            .map(|key| Stored { stamp: first_key_at(later(5)) + key, ..result(key, 2, later(5)) })
            .collect();
        let next = Moves::begin(0, NOW).after_page(&many, later(5), false);
        assert_eq!(next.since, many[149].stamp);
        assert_eq!(next.seen.len(), MOST_SEEN);
        let is_known = |stored: &Stored| {
            stored.stamp <= next.since || next.seen.iter().any(|(key, _)| *key == stored.key)
        };
        assert!(many.iter().all(is_known));
        assert_eq!(next.seen[0], (399, 250));
        let short = next.clone().forgetful();
        assert_eq!((short.since, short.seen.len()), (many[399].stamp, 0));
    }
}
