//! One StorageItem by its number.

use koppeltaal_core::Result;

use super::{COLUMNS, Item, Owner, from_row};
use crate::args;
use crate::filter::Filter;
use crate::scope::DomainTx;

/// The item with this number, if it is the caller's.
pub fn find(tx: &mut DomainTx<'_>, owner: &Owner, id: i64) -> Result<Option<Item>> {
    let mut filter = Filter::default();
    filter.and("id = ", id).and("application = ", owner.application);
    if let Some(patient) = &owner.patient {
        filter.and("patient = ", patient);
    }
    let sql = format!("SELECT {COLUMNS} FROM storage_item WHERE domain = $1{}", filter.sql());
    tx.query_one(&sql, filter.args())?.map(from_row).transpose()
}

/// Some item of the domain, whoever's it is: to see whether its seal can be opened.
pub fn any(tx: &mut DomainTx<'_>) -> Result<Option<Item>> {
    let sql =
        format!("SELECT {COLUMNS} FROM storage_item WHERE domain = $1 ORDER BY id DESC LIMIT 1");
    tx.query_one(&sql, args![])?.map(from_row).transpose()
}
