//! Something new in a mailbox, on its way to the connections of its instance, here
//! and at other processes. Many of one mailbox become one.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use koppeltaal_store::hub::Connection;

/// A copy that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The number of the recipient.
    pub instance: i64,
    /// Its stamp: the greatest is the newest.
    pub stamp: i64,
    /// What stands for its patient, where it has one.
    pub patient: Option<i64>,
}

/// Arrivals that wait to be told: the newest of each instance and patient.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(HashMap<(i64, Option<i64>), i64>);

impl Arrivals {
    pub(super) fn add(&mut self, arrival: Arrival) {
        let stamp = self.0.entry((arrival.instance, arrival.patient)).or_insert(arrival.stamp);
        *stamp = arrival.stamp.max(*stamp);
    }

    pub(super) fn take(&mut self) -> Vec<Arrival> {
        let taken = std::mem::take(&mut self.0).into_iter();
        taken.map(|((instance, patient), stamp)| Arrival { instance, stamp, patient }).collect()
    }
}

/// What processes tell each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A copy was committed.
    Arrived(Arrival),
    /// A connection of an instance was started.
    Started(i64, Connection),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrived(Arrival { instance, stamp, patient: None }) => {
                write!(f, "i.{instance}.{stamp}")
            }
            Self::Arrived(Arrival { instance, stamp, patient: Some(patient) }) => {
                write!(f, "i.{instance}.{stamp}.{patient}")
            }
            Self::Started(instance, connection) => {
                write!(f, "s.{instance}.{:032x}", u128::from_be_bytes(*connection))
            }
        }
    }
}

impl FromStr for Word {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse::<i64>().map_err(drop);
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            ["i", instance, stamp, patient @ ..] if patient.len() <= 1 => {
                let patient = patient.first().map(|patient| number(patient)).transpose()?;
                let (instance, stamp) = (number(instance)?, number(stamp)?);
                Ok(Self::Arrived(Arrival { instance, stamp, patient }))
            }
            ["s", instance, connection] if connection.len() == 32 => {
                let connection = u128::from_str_radix(connection, 16).map_err(drop)?;
                Ok(Self::Started(number(instance)?, connection.to_be_bytes()))
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_written() {
        let arrival = Arrival { instance: 7, stamp: 1_717_200_000_000, patient: None };
        for word in [
            Word::Arrived(arrival),
            Word::Arrived(Arrival { patient: Some(-5), ..arrival }),
            Word::Started(7, [0xAB; 16]),
            Word::Started(0, [0; 16]),
        ] {
            let text = word.to_string();
            assert!(!text.contains(' '), "{text}");
            assert_eq!(text.parse(), Ok(word));
        }
        for odd in ["", "i", "i.1", "i.1.x", "i.1.2.3.4", "s.1.ab", "x.1.2"] {
            assert_eq!(odd.parse::<Word>(), Err(()), "{odd}");
        }
    }

    #[test]
    fn arrivals_of_one_mailbox_become_one() {
        let mut arrivals = Arrivals::default();
        for stamp in [3, 5, 4] {
            arrivals.add(Arrival { instance: 1, stamp, patient: None });
        }
        assert_eq!(arrivals.take(), [Arrival { instance: 1, stamp: 5, patient: None }]);
        assert_eq!(arrivals.take(), []);
    }
}
