//! search of a type: the SQL of conditions on the searchable values. The text of
//! a statement depends on the shape of a search only, never on its values, so it
//! stays in the statement cache.
//!
//! The index holds the rows of current versions alone, and a parameter belongs to
//! one type, so a row that passes a test stands for a resource of the type.

mod any;
mod chain;
mod condition;
mod count;
mod cursor;
mod driver;
mod in_time;
mod moved;
mod page;
mod sort;

pub use any::any;
pub use count::count;
pub use cursor::{Cursor, CursorValue};
pub use moved::{moved, newest};
pub use page::{Page, Search, page};
