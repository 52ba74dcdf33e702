//! The names behind the numbers of the store, for what commands print.

use koppeltaal_core::directory::Directory;

/// The user name (or client_id) of an instance.
pub fn instance(directory: &Directory, number: i64) -> String {
    directory
        .instance(number)
        .map_or_else(|| format!("instance {number}"), |found| found.name().to_owned())
}

/// The sender of a message: an instance, or the server itself.
pub fn sender(directory: &Directory, number: Option<i64>) -> String {
    number.map_or_else(|| "server".to_owned(), |number| instance(directory, number))
}
