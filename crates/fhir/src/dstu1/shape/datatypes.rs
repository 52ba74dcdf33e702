//! The datatypes of DSTU1.

use super::Kind::{self, Boolean, Complex, Decimal, Integer, Text, Xhtml};
use super::{Shape, datatype, inner, many, one, text, texts};

pub(super) const CC: Kind = Complex(&CODEABLE_CONCEPT);
pub(super) const REF: Kind = Complex(&REFERENCE);

pub(super) static UNKNOWN: Shape = inner(&[]);

pub(super) static NARRATIVE: Shape = datatype("Narrative", &[text("status"), one("div", Xhtml)]);

/// Its values are found by [`extension_value`].
pub(super) static EXTENSION: Shape = datatype("Extension", &[]);

pub(super) static REFERENCE: Shape =
    datatype("ResourceReference", &[text("reference"), text("display")]);

pub(super) static CODING: Shape = datatype(
    "Coding",
    &[
        text("system"),
        text("version"),
        text("code"),
        text("display"),
        one("primary", Boolean),
        one("valueSet", REF),
    ],
);

pub(super) static CODEABLE_CONCEPT: Shape =
    datatype("CodeableConcept", &[many("coding", Complex(&CODING)), text("text")]);

pub(super) static IDENTIFIER: Shape = datatype(
    "Identifier",
    &[
        text("use"),
        text("label"),
        text("system"),
        text("value"),
        one("period", Complex(&PERIOD)),
        one("assigner", REF),
    ],
);

pub(super) static HUMAN_NAME: Shape = datatype(
    "HumanName",
    &[
        text("use"),
        text("text"),
        texts("family"),
        texts("given"),
        texts("prefix"),
        texts("suffix"),
        one("period", Complex(&PERIOD)),
    ],
);

pub(super) static CONTACT: Shape = datatype(
    "Contact",
    &[text("system"), text("value"), text("use"), one("period", Complex(&PERIOD))],
);

pub(super) static ADDRESS: Shape = datatype(
    "Address",
    &[
        text("use"),
        text("text"),
        texts("line"),
        text("city"),
        text("state"),
        text("zip"),
        text("country"),
        one("period", Complex(&PERIOD)),
    ],
);

pub(super) static PERIOD: Shape = datatype("Period", &[text("start"), text("end")]);

pub(super) static ATTACHMENT: Shape = datatype(
    "Attachment",
    &[
        text("contentType"),
        text("language"),
        text("data"),
        text("url"),
        one("size", Integer),
        text("hash"),
        text("title"),
    ],
);

pub(super) static QUANTITY: Shape = datatype(
    "Quantity",
    &[one("value", Decimal), text("comparator"), text("units"), text("system"), text("code")],
);

pub(super) static SCHEDULE: Shape = datatype(
    "Schedule",
    &[many("event", Complex(&PERIOD)), one("repeat", Complex(&SCHEDULE_REPEAT))],
);

static SCHEDULE_REPEAT: Shape = inner(&[
    one("frequency", Integer),
    text("when"),
    one("duration", Decimal),
    text("units"),
    one("count", Integer),
    text("end"),
]);

static RANGE: Shape =
    datatype("Range", &[one("low", Complex(&QUANTITY)), one("high", Complex(&QUANTITY))]);

static RATIO: Shape = datatype(
    "Ratio",
    &[one("numerator", Complex(&QUANTITY)), one("denominator", Complex(&QUANTITY))],
);

static SAMPLED_DATA: Shape = datatype(
    "SampledData",
    &[
        one("origin", Complex(&QUANTITY)),
        one("period", Decimal),
        one("factor", Decimal),
        one("lowerLimit", Decimal),
        one("upperLimit", Decimal),
        one("dimensions", Integer),
        text("data"),
    ],
);

/// The kind of `value[x]` of an extension.
pub(super) fn extension_value(name: &str) -> Option<Kind> {
    Some(match name.strip_prefix("value")? {
        "Boolean" => Boolean,
        "Integer" => Integer,
        "Decimal" => Decimal,
        "Base64Binary" | "Instant" | "String" | "Uri" | "Date" | "DateTime" | "Code" => Text,
        "Attachment" => Complex(&ATTACHMENT),
        "Identifier" => Complex(&IDENTIFIER),
        "CodeableConcept" => CC,
        "Coding" => Complex(&CODING),
        "Quantity" => Complex(&QUANTITY),
        "Range" => Complex(&RANGE),
        "Period" => Complex(&PERIOD),
        "Ratio" => Complex(&RATIO),
        "Resource" => REF,
        "SampledData" => Complex(&SAMPLED_DATA),
        "HumanName" => Complex(&HUMAN_NAME),
        "Address" => Complex(&ADDRESS),
        "Contact" => Complex(&CONTACT),
        "Schedule" => Complex(&SCHEDULE),
        _ => return None,
    })
}
