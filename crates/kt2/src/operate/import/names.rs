//! The resources that a file holds and refers to, each with a small number: a file
//! may have millions.

use std::collections::HashMap;

/// A resource that a file speaks of.
#[derive(Debug, Clone)]
pub struct Named {
    /// Type and id, as `Patient/7b`.
    pub name: String,
    /// The line that holds it, by its place in the list of lines.
    pub line: Option<u32>,
    /// Whether the domain has it.
    pub is_stored: bool,
}

/// The resources that a file speaks of.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<String, u32>,
    all: Vec<Named>,
}

impl Names {
    /// The number of a resource.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), number);
        self.all.push(Named { name: name.to_owned(), line: None, is_stored: false });
        number
    }

    /// The resource with this number.
    pub fn get(&self, number: u32) -> Option<&Named> {
        self.all.get(number as usize)
    }

    /// The resource with this number.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Named> {
        self.all.get_mut(number as usize)
    }

    /// Those that the file refers to and does not hold.
    pub fn elsewhere(&self) -> impl Iterator<Item = (u32, &Named)> {
        (0_u32..).zip(&self.all).filter(|(_, named)| named.line.is_none())
    }
}
