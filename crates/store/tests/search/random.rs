//! Resources and searches at random, the same in every run.

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{
    Condition, End, IndexRow, Place, Qualifier, SortBy, SortKey, Span, Target, Test, Values, Words,
};
use koppeltaal_store::resource::Indexed;

use crate::world::{BORN, DUE, GENDER, LINK, NAME, NOW, OWNER, Plan, STATUS};

/// The Device with this number.
fn device(number: u64) -> String {
    format!("d{number}")
}

/// Marsaglia's xorshift.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn text(&mut self) -> String {
        // Texts that a pattern or an order of languages would take for others.
        self.one_of(&["a", "ab", "b", "B", "a%", "a_b", "é", "z'\"", "ab c", ""]).to_owned()
    }

    pub fn plan(&mut self, number: u64, of: u64) -> Plan {
        let resource_type = self.one_of(&["Patient", "Task"]);
        let mut rows = Vec::new();
        for _ in 0..self.below(7) {
            rows.push(self.row(resource_type, of));
        }
        // The same row twice is one row.
        rows.extend(rows.first().cloned());
        let words = self.one_of(&["", " a ", " a b ", " ab b ", " b é "]).to_owned();
        let narrative = if self.below(2) == 0 { words.clone() } else { String::new() };
        let words = Words { narrative, content: words };
        Plan { resource_type, id: format!("r{number}"), indexed: Indexed::sorted(rows, words) }
    }

    fn row(&mut self, resource_type: &str, of: u64) -> IndexRow {
        let parameter = self.parameter(resource_type);
        let value = match parameter {
            LINK | OWNER => self.reference(of),
            _ => self.text(),
        };
        let qualifier = i64::try_from(self.below(4)).unwrap() - 1;
        IndexRow { parameter, value, qualifier }
    }

    fn parameter(&mut self, resource_type: &str) -> i64 {
        match resource_type {
            "Patient" => self.one_of(&[NAME, GENDER, BORN, LINK]),
            _ => self.one_of(&[STATUS, OWNER, DUE]),
        }
    }

    fn reference(&mut self, of: u64) -> String {
        let number = self.below(of);
        format!("{}/r{number}", self.one_of(&["Patient", "Patient", "Task"]))
    }

    pub fn conditions(&mut self, resource_type: &str, of: u64, depth: u32) -> Vec<Condition> {
        (0..self.below(4)).map(|_| self.condition(resource_type, of, depth)).collect()
    }

    fn condition(&mut self, resource_type: &str, of: u64, depth: u32) -> Condition {
        match self.below(if depth == 0 { 10 } else { 14 }) {
            0 => {
                Condition::Id((0..self.below(4)).map(|_| format!("r{}", self.below(of))).collect())
            }
            1 => Condition::Updated((0..self.below(3)).map(|_| self.span()).collect()),
            2 => {
                let place = self.one_of(&[Place::Narrative, Place::Content]);
                let words = (0..self.below(3)).map(|_| self.one_of(&["a", "b", "ab", "é"]));
                Condition::Words(place, words.map(str::to_owned).collect())
            }
            3 => Condition::Not(Box::new(self.condition(resource_type, of, depth))),
            4 => Condition::Origin((0..self.below(4)).map(|_| device(self.below(5))).collect()),
            5..10 => Condition::AnyOf(
                (0..self.one_of(&[1, 1, 1, 2, 3, 0]))
                    .flat_map(|_| self.tests(resource_type, of))
                    .collect(),
            ),
            10 | 11 => {
                let targets = (0..self.one_of(&[1, 1, 2])).map(|_| self.target(of, depth - 1));
                let targets = targets.collect();
                let parameter = if resource_type == "Task" { OWNER } else { LINK };
                Condition::RefersTo { parameter, targets }
            }
            _ => {
                let source = self.target(of, depth - 1);
                let parameter = if source.resource_type == "Task" { OWNER } else { LINK };
                Condition::ReferredBy { source, parameter }
            }
        }
    }

    fn target(&mut self, of: u64, depth: u32) -> Target {
        let resource_type = self.one_of(&["Patient", "Patient", "Task", "Nothing"]);
        let conditions = self.conditions(resource_type, of, depth);
        Target { resource_type: resource_type.to_owned(), conditions }
    }

    /// A test, now and then of the rows of more than one parameter, as of those that
    /// share their rows.
    fn tests(&mut self, resource_type: &str, of: u64) -> Vec<Test> {
        let test = self.test(resource_type, of);
        let others = self.others(resource_type, test.parameter);
        let others = others.into_iter().map(|other| Test { parameter: other, ..test.clone() });
        [test.clone()].into_iter().chain(others).collect()
    }

    /// Some parameters besides one, of none as often as not.
    fn others(&mut self, resource_type: &str, parameter: i64) -> Vec<i64> {
        let all: &[i64] = match resource_type {
            "Patient" => &[NAME, GENDER, BORN],
            _ => &[STATUS, DUE],
        };
        if self.below(2) == 0 {
            return Vec::new();
        }
        all.iter().copied().filter(|other| *other != parameter && self.below(3) > 0).collect()
    }

    fn test(&mut self, resource_type: &str, of: u64) -> Test {
        let parameter = self.parameter(resource_type);
        let exact = match parameter {
            LINK | OWNER => self.reference(of),
            _ => self.text(),
        };
        let end =
            |random: &mut Self| End { value: random.text(), is_included: random.below(2) > 0 };
        let value = match self.below(6) {
            0 => Values::Any,
            1 => Values::Containing(self.text()),
            2 => Values::Between { from: Some(end(self)), to: None },
            3 => Values::Between { from: Some(end(self)), to: Some(end(self)) },
            _ => Values::Is(exact),
        };
        let qualifier = match self.below(6) {
            0 => Qualifier::AtMost(0),
            1 => Qualifier::AtLeast(1),
            2 => Qualifier::Is(1),
            _ => Qualifier::Any,
        };
        Test { parameter, value, qualifier }
    }

    fn span(&mut self) -> Span {
        let mut time = || (self.below(3) > 0).then(|| self.below(12_000));
        let (from, until) = (time(), time());
        let at = |micros: u64| Timestamp(NOW.0 + i64::try_from(micros).unwrap());
        Span { from: from.map(at), until: until.map(at) }
    }

    pub fn sort(&mut self, resource_type: &str) -> Vec<SortKey> {
        let key = |random: &mut Self| {
            let parameter = random.parameter(resource_type);
            let by = match random.below(5) {
                0 => SortBy::Updated,
                1 => SortBy::Id,
                _ => {
                    let others = random.others(resource_type, parameter);
                    SortBy::Parameter([parameter].into_iter().chain(others).collect())
                }
            };
            SortKey { by, is_descending: random.below(2) > 0 }
        };
        (0..self.one_of(&[0, 0, 1, 2])).map(|_| key(self)).collect()
    }
}
