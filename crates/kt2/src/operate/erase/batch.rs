//! An erasure in transactions of bounded size: other writers wait for none of them
//! for long, and what is left when one fails is found again by the next plan.

use std::collections::BTreeSet;
use std::ops::Range;

use super::plan::{Item, Plan, places};

/// The most that one transaction removes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Resources.
    pub resources: usize,
    /// Replaced versions.
    pub versions: usize,
}

/// What one transaction removes. First come the earlier versions of others, then
/// the resources in their order: what goes because it refers to something goes no
/// later than that, so nothing is left that a new plan would not find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Earlier versions of others, by their places in the plan.
    pub former: Range<usize>,
    /// Of a resource that has too many: its versions below a number, by its place.
    pub cut: Option<(usize, i64)>,
    /// Resources, by their places in the plan.
    pub items: Range<usize>,
    /// The places of those that must be as they were planned: the resources
    /// themselves, and those because of which anything of this goes.
    pub held: Vec<usize>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.former.is_empty() && self.cut.is_none() && self.items.is_empty()
    }
}

/// Everything that a plan removes, in order.
pub fn batches(plan: &Plan, limits: Limits) -> Vec<Batch> {
    let mut packing = Packing { limits, versions: 0, open: Batch::default(), full: Vec::new() };
    for at in 0..plan.versions.len() {
        packing.make_room(1);
        packing.open.former.end = at + 1;
        packing.versions += 1;
    }
    for (at, item) in plan.items.iter().enumerate() {
        let most = i64::try_from(limits.versions.max(1)).unwrap_or(i64::MAX);
        let mut first = 1;
        while item.version - first > most {
            first += most;
            packing.close();
            packing.open.cut = Some((at, first));
            packing.close();
        }
        let versions = usize::try_from(item.version - first).unwrap_or_default();
        packing.make_room(versions);
        packing.open.items.end = at + 1;
        packing.versions += versions;
    }
    packing.close();
    let mut all = packing.full;
    hold(plan, &mut all);
    all
}

struct Packing {
    limits: Limits,
    /// How many versions the open one removes.
    versions: usize,
    open: Batch,
    full: Vec<Batch>,
}

impl Packing {
    /// Begins another transaction when this one cannot take so many versions more,
    /// or no resource.
    fn make_room(&mut self, versions: usize) {
        let is_full = self.open.items.len() >= self.limits.resources.max(1);
        if is_full || self.versions + versions > self.limits.versions {
            self.close();
        }
    }

    fn close(&mut self) {
        let (former, items) = (self.open.former.end, self.open.items.end);
        let next = Batch { former: former..former, items: items..items, ..Batch::default() };
        let full = std::mem::replace(&mut self.open, next);
        self.versions = 0;
        if !full.is_empty() {
            self.full.push(full);
        }
    }
}

/// Notes what each transaction relies on: what its resources and versions refer to,
/// what that refers to, and so on. What went before is gone, and was held then.
fn hold(plan: &Plan, all: &mut [Batch]) {
    let places = places(&plan.items);
    let leads_to = |refers_to: &[(String, String)]| -> Vec<usize> {
        let names = refers_to.iter().map(|(kind, id)| (kind.as_str(), id.as_str()));
        names.filter_map(|name| places.get(&name).copied()).collect()
    };
    let targets: Vec<Vec<usize>> =
        plan.items.iter().map(|item: &Item| leads_to(&item.refers_to)).collect();
    for batch in all {
        let former = plan.versions.get(batch.former.clone()).unwrap_or_default();
        let mut open: Vec<usize> = batch.items.clone().collect();
        open.extend(batch.cut.map(|(at, _)| at));
        open.extend(former.iter().flat_map(|one| leads_to(&one.refers_to)));
        let mut held = BTreeSet::new();
        while let Some(at) = open.pop() {
            if at >= batch.items.start && held.insert(at) {
                open.extend(targets.get(at).into_iter().flatten());
            }
        }
        batch.held = held.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Former;
    use super::*;

    const LIMITS: Limits = Limits { resources: 2, versions: 5 };

    /// Tasks with this many versions, each a part of the next, and earlier versions
    /// of others that refer to the first of them.
    fn plan(versions: &[i64], former: i64) -> Plan {
        let to = |at: usize| vec![("Task".to_owned(), at.to_string())];
        let items = versions.iter().enumerate().map(|(at, version)| Item {
            kind: "Task",
            id: at.to_string(),
            key: 0,
            stamp: 0,
            version: *version,
            refers_to: to(at + 1),
        });
        let of = |key: i64| Former { key, version: 1, refers_to: to(0) };
        let mut plan = Plan::default();
        plan.items.extend(items);
        plan.versions.extend((0..former).map(of));
        plan
    }

    type Told = (Range<usize>, Option<(usize, i64)>, Range<usize>);

    fn told(plan: &Plan) -> Vec<Told> {
        let all = batches(plan, LIMITS);
        all.into_iter().map(|batch| (batch.former, batch.cut, batch.items)).collect()
    }

    #[test]
    fn no_transaction_removes_more_than_its_share() {
        assert_eq!(told(&plan(&[1], 0)), [(0..0, None, 0..1)]);
        assert_eq!(told(&plan(&[1, 1, 1], 0)), [(0..0, None, 0..2), (0..0, None, 2..3)]);
        // Two and three replaced versions fit, the next ones do not.
        assert_eq!(told(&plan(&[3, 4, 2], 0)), [(0..0, None, 0..2), (0..0, None, 2..3)]);
        assert_eq!(told(&plan(&[4, 4], 0)), [(0..0, None, 0..1), (0..0, None, 1..2)]);
        assert_eq!(told(&plan(&[1], 5)), [(0..5, None, 0..1)]);
        assert_eq!(told(&plan(&[2], 5)), [(0..5, None, 0..0), (5..5, None, 0..1)]);
        assert_eq!(
            told(&plan(&[1], 12)),
            [(0..5, None, 0..0), (5..10, None, 0..0), (10..12, None, 0..1)]
        );
    }

    #[test]
    fn what_has_too_many_versions_loses_the_oldest_first() {
        assert_eq!(told(&plan(&[6], 0)), [(0..0, None, 0..1)]);
        assert_eq!(
            told(&plan(&[1, 13, 1], 1)),
            [
                (0..1, None, 0..1),
                (1..1, Some((1, 6)), 1..1),
                (1..1, Some((1, 11)), 1..1),
                (1..1, None, 1..3),
            ]
        );
    }

    #[test]
    fn all_because_of_which_something_goes_is_held_until_it_goes_itself() {
        let held = |plan: &Plan| -> Vec<Vec<usize>> {
            batches(plan, LIMITS).into_iter().map(|batch| batch.held).collect()
        };
        assert_eq!(held(&plan(&[1; 5], 0)), [vec![0, 1, 2, 3, 4], vec![2, 3, 4], vec![4]]);
        assert_eq!(held(&plan(&[1, 7], 6)), [vec![0, 1], vec![0, 1], vec![1], vec![1]]);
        // One that stands alone waits for nothing.
        let mut alone = plan(&[1; 3], 0);
        alone.items.iter_mut().for_each(|item| item.refers_to.clear());
        assert_eq!(held(&alone), [vec![0, 1], vec![2]]);
        // In a circle, what went before is gone.
        let mut circle = plan(&[1; 3], 0);
        circle.items[2].refers_to = vec![("Task".to_owned(), "0".to_owned())];
        assert_eq!(held(&circle), [vec![0, 1, 2], vec![2]]);
    }
}
