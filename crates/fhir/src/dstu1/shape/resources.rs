//! The resources that Koppeltaal 1.3 uses.

use super::Kind::{Boolean, Complex, Integer};
use super::conformance::CONFORMANCE;
use super::datatypes::*;
use super::{Shape, inner, many, one, resource, text, texts};

pub(super) static RESOURCES: &[&Shape] = &[
    &MESSAGE_HEADER,
    &PATIENT,
    &PRACTITIONER,
    &RELATED_PERSON,
    &ORGANIZATION,
    &CARE_PLAN,
    &OTHER,
    &DEVICE,
    &OPERATION_OUTCOME,
    &DIAGNOSTIC_REPORT,
    &CONFORMANCE,
];

pub(super) static UNKNOWN_RESOURCE: Shape = resource("", &[]);

static MESSAGE_HEADER: Shape = resource(
    "MessageHeader",
    &[
        text("identifier"),
        text("timestamp"),
        one("event", Complex(&CODING)),
        one("response", Complex(&RESPONSE)),
        one("source", Complex(&SOURCE)),
        many("destination", Complex(&DESTINATION)),
        one("enterer", REF),
        one("author", REF),
        one("receiver", REF),
        one("responsible", REF),
        one("reason", CC),
        many("data", REF),
    ],
);

static RESPONSE: Shape = inner(&[text("identifier"), text("code"), one("details", REF)]);

static SOURCE: Shape = inner(&[
    text("name"),
    text("software"),
    text("version"),
    one("contact", Complex(&CONTACT)),
    text("endpoint"),
]);

static DESTINATION: Shape = inner(&[text("name"), one("target", REF), text("endpoint")]);

static PATIENT: Shape = resource(
    "Patient",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        many("name", Complex(&HUMAN_NAME)),
        many("telecom", Complex(&CONTACT)),
        one("gender", CC),
        text("birthDate"),
        one("deceasedBoolean", Boolean),
        text("deceasedDateTime"),
        many("address", Complex(&ADDRESS)),
        one("maritalStatus", CC),
        one("multipleBirthBoolean", Boolean),
        one("multipleBirthInteger", Integer),
        many("photo", Complex(&ATTACHMENT)),
        many("contact", Complex(&PATIENT_CONTACT)),
        one("animal", Complex(&ANIMAL)),
        many("communication", CC),
        many("careProvider", REF),
        one("managingOrganization", REF),
        many("link", Complex(&PATIENT_LINK)),
        one("active", Boolean),
    ],
);

static PATIENT_CONTACT: Shape = inner(&[
    many("relationship", CC),
    one("name", Complex(&HUMAN_NAME)),
    many("telecom", Complex(&CONTACT)),
    one("address", Complex(&ADDRESS)),
    one("gender", CC),
    one("organization", REF),
]);

static ANIMAL: Shape = inner(&[one("species", CC), one("breed", CC), one("genderStatus", CC)]);

static PATIENT_LINK: Shape = inner(&[one("other", REF), text("type")]);

static PRACTITIONER: Shape = resource(
    "Practitioner",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        one("name", Complex(&HUMAN_NAME)),
        many("telecom", Complex(&CONTACT)),
        one("address", Complex(&ADDRESS)),
        one("gender", CC),
        text("birthDate"),
        many("photo", Complex(&ATTACHMENT)),
        one("organization", REF),
        many("role", CC),
        many("specialty", CC),
        one("period", Complex(&PERIOD)),
        many("location", REF),
        many("qualification", Complex(&QUALIFICATION)),
        many("communication", CC),
    ],
);

static QUALIFICATION: Shape =
    inner(&[one("code", CC), one("period", Complex(&PERIOD)), one("issuer", REF)]);

static RELATED_PERSON: Shape = resource(
    "RelatedPerson",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        one("patient", REF),
        one("relationship", CC),
        one("name", Complex(&HUMAN_NAME)),
        many("telecom", Complex(&CONTACT)),
        one("gender", CC),
        one("address", Complex(&ADDRESS)),
        many("photo", Complex(&ATTACHMENT)),
    ],
);

static ORGANIZATION: Shape = resource(
    "Organization",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        text("name"),
        one("type", CC),
        many("telecom", Complex(&CONTACT)),
        many("address", Complex(&ADDRESS)),
        one("partOf", REF),
        many("contact", Complex(&ORGANIZATION_CONTACT)),
        many("location", REF),
        one("active", Boolean),
    ],
);

static ORGANIZATION_CONTACT: Shape = inner(&[
    one("purpose", CC),
    one("name", Complex(&HUMAN_NAME)),
    many("telecom", Complex(&CONTACT)),
    one("address", Complex(&ADDRESS)),
    one("gender", CC),
]);

static CARE_PLAN: Shape = resource(
    "CarePlan",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        one("patient", REF),
        text("status"),
        one("period", Complex(&PERIOD)),
        text("modified"),
        many("concern", REF),
        many("participant", Complex(&PARTICIPANT)),
        many("goal", Complex(&GOAL)),
        many("activity", Complex(&ACTIVITY)),
        text("notes"),
    ],
);

static PARTICIPANT: Shape = inner(&[one("role", CC), one("member", REF)]);

static GOAL: Shape =
    inner(&[text("description"), text("status"), text("notes"), many("concern", REF)]);

static ACTIVITY: Shape = inner(&[
    texts("goal"),
    text("status"),
    one("prohibited", Boolean),
    many("actionResulting", REF),
    text("notes"),
    one("detail", REF),
    one("simple", Complex(&SIMPLE)),
]);

static SIMPLE: Shape = inner(&[
    text("category"),
    one("code", CC),
    one("timingSchedule", Complex(&SCHEDULE)),
    one("timingPeriod", Complex(&PERIOD)),
    text("timingString"),
    one("location", REF),
    many("performer", REF),
    one("product", REF),
    one("dailyAmount", Complex(&QUANTITY)),
    one("quantity", Complex(&QUANTITY)),
    text("details"),
]);

static OTHER: Shape = resource(
    "Other",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        one("code", CC),
        one("subject", REF),
        one("author", REF),
        text("created"),
    ],
);

static DEVICE: Shape = resource(
    "Device",
    &[
        many("identifier", Complex(&IDENTIFIER)),
        one("type", CC),
        text("manufacturer"),
        text("model"),
        text("version"),
        text("expiry"),
        text("udi"),
        text("lotNumber"),
        one("owner", REF),
        one("location", REF),
        one("patient", REF),
        many("contact", Complex(&CONTACT)),
        text("url"),
    ],
);

static OPERATION_OUTCOME: Shape = resource("OperationOutcome", &[many("issue", Complex(&ISSUE))]);

static ISSUE: Shape =
    inner(&[text("severity"), one("type", Complex(&CODING)), text("details"), texts("location")]);

static DIAGNOSTIC_REPORT: Shape = resource(
    "DiagnosticReport",
    &[
        one("name", CC),
        text("status"),
        text("issued"),
        one("subject", REF),
        one("performer", REF),
        one("identifier", Complex(&IDENTIFIER)),
        many("requestDetail", REF),
        one("serviceCategory", CC),
        text("diagnosticDateTime"),
        one("diagnosticPeriod", Complex(&PERIOD)),
        many("specimen", REF),
        many("result", REF),
        many("imagingStudy", REF),
        many("image", Complex(&IMAGE)),
        text("conclusion"),
        many("codedDiagnosis", CC),
        many("presentedForm", Complex(&ATTACHMENT)),
    ],
);

static IMAGE: Shape = inner(&[text("comment"), one("link", REF)]);
