//! Values on their way to and from PostgreSQL, in its binary format.

use std::error::Error as StdError;
use std::fmt;

use bytes::BytesMut;
use koppeltaal_core::{Error, Result};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::engine::check_text;
use crate::engine::insert::check_width;
use crate::tx::{Arg, ColumnType, Row, Table, Value};

/// An argument that is sent, perhaps long after the closure gave it.
pub(super) enum Param {
    Value(Value),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

/// Arguments are care data and credentials: the driver's debug log shows none.
impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Takes the arguments of a statement, checked against its parameters.
pub(super) fn params(args: &[Arg<'_>], types: &[Type]) -> Result<Vec<Param>> {
    if args.len() != types.len() {
        return Err(Error::Internal(format!(
            "{} arguments for {} parameters",
            args.len(),
            types.len()
        )));
    }
    args.iter().zip(types).map(|(arg, kind)| param(*arg, kind)).collect()
}

fn param(arg: Arg<'_>, kind: &Type) -> Result<Param> {
    let fits = match arg {
        Arg::Null => true,
        Arg::Int(value) => match *kind {
            Type::INT8 => true,
            Type::INT4 => i32::try_from(value).is_ok(),
            Type::INT2 => i16::try_from(value).is_ok(),
            _ => false,
        },
        Arg::Text(_) => is_text(kind),
        Arg::Bytes(_) => *kind == Type::BYTEA,
    };
    if !fits {
        let given = match arg {
            Arg::Null => "NULL",
            Arg::Int(_) => "an integer",
            Arg::Text(_) => "a text",
            Arg::Bytes(_) => "bytes",
        };
        return Err(Error::Internal(format!("{given} does not fit a parameter of type {kind}")));
    }
    Ok(Param::Value(match arg {
        Arg::Null => Value::Null,
        Arg::Int(value) => Value::Int(value),
        Arg::Text(value) => Value::Text(value.to_owned()),
        Arg::Bytes(value) => Value::Bytes(value.to_vec()),
    }))
}

/// Takes rows to insert, as one array for each column.
pub(super) fn columns(table: &Table, rows: &[Row]) -> Result<Vec<Param>> {
    for row in rows {
        check_width(table, row)?;
    }
    let column = |(index, (name, kind)): (usize, &(&str, ColumnType))| {
        let values = rows.iter().filter_map(move |row| row.0.get(index));
        let wrong = || Error::Internal(format!("{}.{name} is not {kind:?}", table.name));
        Ok(match kind {
            ColumnType::Int => Param::Ints(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Int(value) => Ok(Some(*value)),
                        _ => Err(wrong()),
                    })
                    .collect::<Result<_>>()?,
            ),
            ColumnType::Text => Param::Texts(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Text(text) => check_text(text).map(|()| Some(text.clone())),
                        _ => Err(wrong()),
                    })
                    .collect::<Result<_>>()?,
            ),
            ColumnType::Bytes => Param::Bytes(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Bytes(bytes) => Ok(Some(bytes.clone())),
                        _ => Err(wrong()),
                    })
                    .collect::<Result<_>>()?,
            ),
        })
    };
    table.columns.iter().enumerate().map(column).collect()
}

impl ToSql for Param {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Value(Value::Null) => Ok(IsNull::Yes),
            Self::Value(Value::Int(value)) => match *kind {
                Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
                Type::INT2 => i16::try_from(*value)?.to_sql(kind, out),
                _ => value.to_sql(kind, out),
            },
            Self::Value(Value::Text(value)) => value.to_sql(kind, out),
            Self::Value(Value::Bytes(value)) => value.to_sql(kind, out),
            Self::Ints(values) => values.to_sql(kind, out),
            Self::Texts(values) => values.to_sql(kind, out),
            Self::Bytes(values) => values.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Checked by `param` and by the types written in the text of an insert.
        true
    }

    to_sql_checked!();
}

/// The values of a row that was read.
pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let values = (0..row.len()).map(|column| {
        row.try_get::<_, Decoded>(column).map(|decoded| decoded.0).map_err(|_| {
            let column = &row.columns()[column];
            Error::Internal(format!(
                "column {} has the type {}: cast it to BIGINT, TEXT or bytes",
                column.name(),
                column.type_()
            ))
        })
    });
    values.collect::<Result<_>>().map(Row)
}

struct Decoded(Value);

impl<'a> FromSql<'a> for Decoded {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(match *kind {
            Type::INT8 => Value::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(kind, raw)?.into()),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::VOID => Value::Null,
            _ => Value::Text(String::from_sql(kind, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(kind: &Type) -> bool {
        let others = [Type::INT8, Type::INT4, Type::INT2, Type::BOOL, Type::BYTEA, Type::VOID];
        is_text(kind) || others.contains(kind)
    }
}

fn is_text(kind: &Type) -> bool {
    [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN].contains(kind)
}
