//! Parameters about the answer rather than the search: `_count`, `_total`,
//! `_summary` and those that other layers read (FHIR R4, Search, 3.1.1.5).

use super::asked::bad_value;
use super::{DEFAULT_COUNT, MOST_COUNT};
use crate::outcome::Issue;

/// What was said about the answer.
#[derive(Debug, Default)]
pub struct Results {
    count: Option<usize>,
    is_count_only: bool,
    /// The page that is asked for.
    pub page: Option<String>,
}

impl Results {
    /// Takes a parameter that is about the answer; false when it is not.
    pub fn take(&mut self, name: &str, value: &str) -> Result<bool, Issue> {
        let one_of = |codes: &[&str]| match codes.contains(&value) {
            true => Ok(()),
            false => Err(bad_value(name, value, format_args!("one of {}", codes.join(", ")))),
        };
        match name {
            "_count" => {
                let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
                // What is too great for a number is capped like all that is too great.
                let count = value.parse::<usize>().unwrap_or(MOST_COUNT).min(MOST_COUNT);
                if !is_number || self.count.is_some_and(|known| known != count) {
                    return Err(bad_value(name, value, "one whole number, 0 or greater"));
                }
                self.count = Some(count);
            }
            "_total" => one_of(&["none", "estimate", "accurate"])?,
            "_summary" => {
                one_of(&["true", "text", "data", "count", "false"])?;
                self.is_count_only |= value == "count";
            }
            "_page" => self.page = Some(value.to_owned()),
            // The layer that negotiates reads these; `_type` was checked to repeat the type.
            "_elements" | "_format" | "_pretty" | "_type" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Results on a page; 0 for the total only.
    pub fn count(&self) -> usize {
        match self.is_count_only {
            true => 0,
            false => self.count.unwrap_or(DEFAULT_COUNT),
        }
    }
}
