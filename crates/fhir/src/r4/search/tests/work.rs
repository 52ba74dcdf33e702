//! Rows of ActivityDefinitions and Tasks.

use super::table::check;

const ACTIVITY_DEFINITION: &str = r#"{
  "resourceType": "ActivityDefinition", "id": "a1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}},
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/KT2PublisherId", "valueId": "Pub-1"},
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/KT2EndpointExtension", "valueReference": {"reference": "Endpoint/e1"}}],
  "url": "https://acme.example/ad/1", "version": "1.2", "name": "Sleep", "title": "Better  Sleep",
  "identifier": [{"system": "urn:i", "value": "1"}], "status": "active",
  "date": "2024-03-31T02:30:00+01:00", "publisher": "Acme", "description": "Sleep *well*",
  "useContext": [
    {"code": {"system": "urn:uct", "code": "focus"}, "valueCodeableConcept": {"coding": [{"system": "urn:c", "code": "x"}, {"code": "y"}]}},
    {"code": {"code": "age"}, "valueQuantity": {"value": 18.50, "unit": "year", "system": "urn:u", "code": "a"}},
    {"code": {"code": "span"}, "valueRange": {"low": {"value": -1}, "high": {"value": 10, "unit": "kg"}}}],
  "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "NL"}]}],
  "topic": [{"coding": [{"system": "urn:topic", "code": "treatment"}]}],
  "effectivePeriod": {"end": "2025"},
  "relatedArtifact": [
    {"type": "depends-on", "resource": "http://l.example/one|2.0"}, {"type": "composed-of", "resource": "ActivityDefinition/part"},
    {"type": "predecessor", "resource": "http://l.example/old"}, {"type": "successor", "resource": "http://l.example/new"},
    {"type": "derived-from", "resource": "http://l.example/from"}],
  "library": ["http://l.example/lib"],
  "participant": [{"type": "patient"}, {"type": "related-person"}]
}"#;

const TASK: &str = r#"{
  "resourceType": "Task", "id": "t1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}},
    {"url": "http://vzvz.nl/fhir/StructureDefinition/instantiates", "valueReference": {"reference": "ActivityDefinition/a1"}}],
  "identifier": [{"system": "urn:i", "value": "1"}], "groupIdentifier": {"system": "urn:g", "value": "2"},
  "basedOn": [{"reference": "CarePlan/c1"}], "partOf": [{"reference": "Task/t0"}],
  "status": "ready", "businessStatus": {"coding": [{"code": "waiting"}], "text": "Wacht op intake"}, "intent": "order", "priority": "urgent",
  "code": {"coding": [{"system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-task-code", "code": "view"}]},
  "focus": {"reference": "Observation/o1"}, "for": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"},
  "executionPeriod": {"start": "2024-01-01T10:00:00+01:00", "end": "2024-01-02"},
  "authoredOn": "2024-01-01", "lastModified": "2024-01-01T10:00:00.123Z",
  "requester": {"reference": "Practitioner/g1"}, "owner": {"reference": "RelatedPerson/r1"},
  "performerType": [{"coding": [{"system": "http://snomed.info/sct", "code": "224608005"}]}]
}"#;

#[test]
fn an_activity_definition_is_found_by_every_parameter() {
    check(
        ACTIVITY_DEFINITION,
        "
            composed-of = ActivityDefinition/part
            context = x # urn:c
            context = y
            context-quantity ~ -1
            context-quantity ~ 10
            context-quantity ~ 10 # |kg
            context-quantity ~ 18.5
            context-quantity ~ 18.5 # urn:u|a
            context-quantity ~ 18.5 # |a
            context-quantity ~ 18.5 # |year
            context-type = age
            context-type = focus # urn:uct
            context-type = span
            context-type-quantity ~ -1 # span$
            context-type-quantity ~ -1 # |span$
            context-type-quantity ~ 10 # span$
            context-type-quantity ~ 10 # span$|kg
            context-type-quantity ~ 10 # |span$
            context-type-quantity ~ 10 # |span$|kg
            context-type-quantity ~ 18.5 # age$
            context-type-quantity ~ 18.5 # age$urn:u|a
            context-type-quantity ~ 18.5 # age$|a
            context-type-quantity ~ 18.5 # age$|year
            context-type-quantity ~ 18.5 # |age$
            context-type-quantity ~ 18.5 # |age$urn:u|a
            context-type-quantity ~ 18.5 # |age$|a
            context-type-quantity ~ 18.5 # |age$|year
            context-type-value = focus$urn:c|x
            context-type-value = focus$x
            context-type-value = focus$y
            context-type-value = focus$|y
            context-type-value = urn:uct|focus$urn:c|x
            context-type-value = urn:uct|focus$x
            context-type-value = urn:uct|focus$y
            context-type-value = urn:uct|focus$|y
            date @ 2024-03-31T01:30:00Z
            depends-on = http://l.example/lib
            depends-on = http://l.example/one # 2.0
            derived-from = http://l.example/from
            description = sleep *well* # Sleep *well*
            effective @ ..2025
            identifier = 1 # urn:i
            jurisdiction = NL # urn:iso:std:iso:3166
            name = sleep # Sleep
            participant = patient # http://hl7.org/fhir/action-participant-type
            participant = related-person # http://hl7.org/fhir/action-participant-type
            predecessor = http://l.example/old
            publisher = acme # Acme
            publisherId = Pub-1
            resource-origin = Device/d1
            status = active # http://hl7.org/fhir/publication-status
            successor = http://l.example/new
            title = better sleep # Better  Sleep
            topic = treatment # urn:topic
            url = https://acme.example/ad/1
            version = 1.2
            _profile = urn:p
            _reference = Endpoint/e1
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

#[test]
fn a_task_is_found_by_every_parameter() {
    check(
        TASK,
        "
            authored-on @ 2024-01-01
            based-on = CarePlan/c1
            business-status = waiting
            business-status:text = wacht op intake
            code = view # http://vzvz.nl/fhir/CodeSystem/koppeltaal-task-code
            encounter = Encounter/e1
            focus = Observation/o1
            group-identifier = 2 # urn:g
            identifier = 1 # urn:i
            instantiates = ActivityDefinition/a1
            intent = order
            modified @ 2024-01-01T10:00:00.123Z
            owner = RelatedPerson/r1
            part-of = Task/t0
            patient = Patient/p1
            performer = 224608005 # http://snomed.info/sct
            period @ 2024-01-01T09:00:00Z..2024-01-02
            priority = urgent # http://hl7.org/fhir/request-priority
            requester = Practitioner/g1
            resource-origin = Device/d1
            status = ready # http://hl7.org/fhir/task-status
            subject = Patient/p1
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

/// All of them.
pub const ALL: [&str; 2] = [ACTIVITY_DEFINITION, TASK];
