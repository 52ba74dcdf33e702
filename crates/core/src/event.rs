//! The message types of Koppeltaal 1.3 (value set MessageEvents).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

macro_rules! events {
    ($($variant:ident = $code:literal / $number:literal / $patient:literal,)*) => {
        /// What a message announces; also what an instance subscribes to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Event { $(#[doc = $code] $variant),* }

        impl Event {
            /// Every event of the value set.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The number under which the store keeps it.
            pub fn number(self) -> i64 {
                match self { $(Self::$variant => $number),* }
            }

            /// The event with this number of the store.
            pub fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }

            /// Whether the standard wants the MessageHeader#Patient extension.
            pub fn wants_patient(self) -> bool {
                match self { $(Self::$variant => $patient),* }
            }
        }
    };
}

events! {
    CreateOrUpdatePatient = "CreateOrUpdatePatient" / 1 / true,
    CreateOrUpdatePractitioner = "CreateOrUpdatePractitioner" / 2 / false,
    CreateOrUpdateRelatedPerson = "CreateOrUpdateRelatedPerson" / 3 / true,
    CreateOrUpdateCarePlan = "CreateOrUpdateCarePlan" / 4 / true,
    UpdateCarePlanActivityStatus = "UpdateCarePlanActivityStatus" / 5 / true,
    CreateOrUpdateCarePlanActivityResult = "CreateOrUpdateCarePlanActivityResult" / 6 / true,
    CreateOrUpdateUserMessage = "CreateOrUpdateUserMessage" / 7 / true,
    CreateOrUpdateActivityDefinition = "CreateOrUpdateActivityDefinition" / 8 / false,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Event {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|event| event.code() == code).ok_or_else(|| {
            Error::Invalid(format!("`{code}` is not a message event of Koppeltaal 1.3"))
        })
    }
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = String::deserialize(d)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_survives_the_wire_and_the_store() {
        for event in Event::ALL {
            assert_eq!(event.code().parse::<Event>().unwrap(), *event);
            assert_eq!(Event::from_number(event.number()), Some(*event));
        }
        assert!("CarePlan".parse::<Event>().is_err());
    }
}
