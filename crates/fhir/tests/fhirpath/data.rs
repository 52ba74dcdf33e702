//! Resources that the tables are about.

use koppeltaal_fhir::Node;

use crate::support::parse;

/// A patient with lists, choices and primitives with extensions.
pub fn patient() -> Node {
    parse(
        r##"{
  "resourceType": "Patient",
  "id": "p1",
  "meta": {"versionId": "3", "lastUpdated": "2024-01-02T03:04:05.006Z"},
  "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Jan</div>"},
  "contained": [{"resourceType": "Organization", "id": "o1", "name": "Clinic"}],
  "extension": [
    {"url": "http://example.org/flag", "valueBoolean": true},
    {"url": "http://example.org/size", "valueQuantity": {"value": 1.80, "unit": "m", "system": "http://unitsofmeasure.org", "code": "m"}},
    {"url": "http://example.org/nested", "extension": [{"url": "a", "valueString": "x"}, {"url": "b", "valueInteger": 7}]}
  ],
  "identifier": [
    {"system": "http://example.org/a", "value": "1"},
    {"system": "http://example.org/b", "value": "2", "use": "official"}
  ],
  "active": true,
  "name": [
    {"use": "official", "family": "Jansen", "given": ["Jan", "Piet"], "_given": [null, {"extension": [{"url": "http://example.org/q", "valueCode": "IN"}]}]},
    {"use": "nickname", "given": ["Jan"]},
    {"use": "old", "_family": {"extension": [{"url": "http://example.org/absent", "valueCode": "unknown"}]}}
  ],
  "telecom": [
    {"system": "phone", "value": "0612345678", "rank": 1},
    {"system": "email", "value": "jan@example.org", "rank": 2}
  ],
  "gender": "male",
  "birthDate": "1974-12-25",
  "_birthDate": {"extension": [{"url": "http://example.org/time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
  "deceasedDateTime": "2020-05",
  "multipleBirthInteger": 2,
  "maritalStatus": {"coding": [{"system": "http://example.org/m", "code": "M"}], "text": "Married"},
  "contact": [{"relationship": [{"text": "friend"}], "name": {"family": "Vries"}}],
  "generalPractitioner": [{"reference": "Practitioner/g1"}, {"reference": "https://example.org/fhir/Organization/o2"}],
  "managingOrganization": {"reference": "#o1"},
  "link": [{"other": {"reference": "RelatedPerson/r1"}, "type": "seealso"}]
}"##,
    )
}
