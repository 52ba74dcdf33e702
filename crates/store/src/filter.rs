//! Composing the conditions of a search whose filters are optional: each
//! condition that applies brings its own argument, so that every statement uses
//! all of its parameters and has one text for each set of filters.

use crate::tx::Arg;

/// Conditions after `domain = $1`, and their arguments.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    sql: String,
    args: Vec<Arg<'a>>,
}

impl<'a> Filter<'a> {
    /// Adds `AND condition value`; `condition` ends where the parameter goes.
    pub(crate) fn and(&mut self, condition: &str, value: impl Into<Arg<'a>>) -> &mut Self {
        let parameter = self.bind(value);
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.sql.push_str(&parameter);
        self
    }

    /// Adds `AND column IN (values)`. The list is filled up with its last value to
    /// a power of two, so that there are few texts; no value meets an empty one.
    pub(crate) fn and_in<T: Into<Arg<'a>>>(
        &mut self,
        column: &str,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        match self.bind_list(values) {
            Some(list) => self.and_fixed(&format!("{column} IN ({list})")),
            None => self.and_fixed("1 = 0"),
        }
    }

    /// Adds a condition that is met when one of these is; none of none.
    pub(crate) fn and_any(&mut self, conditions: &[String]) -> &mut Self {
        match conditions {
            [] => self.and_fixed("1 = 0"),
            [one] => self.and_fixed(&format!("({one})")),
            several => self.and_fixed(&format!("(({}))", several.join(") OR ("))),
        }
    }

    /// Adds arguments for a list, filled up as for [`Filter::and_in`]; answers with
    /// their parameters (`$7, $8`), or `None` when there is no value.
    pub(crate) fn bind_list<T: Into<Arg<'a>>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> Option<String> {
        let list: Vec<Arg<'a>> = values.into_iter().map(Into::into).collect();
        let last = list.last().copied()?;
        let missing = list.len().next_power_of_two() - list.len();
        let padded = list.into_iter().chain(std::iter::repeat_n(last, missing));
        let parameters: Vec<String> = padded.map(|value| self.bind(value)).collect();
        Some(parameters.join(", "))
    }

    /// Adds a condition that needs no argument.
    pub(crate) fn and_fixed(&mut self, condition: &str) -> &mut Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self
    }

    /// Adds an argument without a condition; answers with its parameter (`$7`).
    pub(crate) fn bind(&mut self, value: impl Into<Arg<'a>>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len() + 1)
    }

    /// The conditions.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The arguments after the domain.
    pub(crate) fn args(&self) -> &[Arg<'a>] {
        &self.args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_after_the_domain() {
        let mut filter = Filter::default();
        filter.and("a = ", 1_i64).and_fixed("b = 0").and("c > ", "x");
        assert_eq!(filter.bind(9_i64), "$4");
        assert_eq!(filter.sql(), " AND a = $2 AND b = 0 AND c > $3");
        assert_eq!(filter.args(), [Arg::Int(1), Arg::Text("x"), Arg::Int(9)]);
    }

    #[test]
    fn one_of_several_conditions_is_enough() {
        let mut filter = Filter::default();
        filter.and_any(&["a = 1".into(), "b = 2".into()]).and_any(&["c = 3".into()]).and_any(&[]);
        assert_eq!(filter.sql(), " AND ((a = 1) OR (b = 2)) AND (c = 3) AND 1 = 0");
    }

    #[test]
    fn a_list_is_filled_up_to_a_power_of_two() {
        let mut filter = Filter::default();
        filter.and_in("a", [1_i64, 2, 3]).and_in("b", [7_i64]).and_in("c", [0_i64; 0]);
        assert_eq!(filter.sql(), " AND a IN ($2, $3, $4, $5) AND b IN ($6) AND 1 = 0");
        assert_eq!(filter.args(), [1, 2, 3, 3, 7].map(Arg::Int));
    }
}
