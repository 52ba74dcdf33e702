//! Rows of AuditEvents and Subscriptions.

use super::table::check;

pub const AUDIT_EVENT: &str = r#"{
  "resourceType": "AuditEvent", "id": "u1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}},
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/trace-id", "valueId": "trace-1"},
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/correlation-id", "valueId": "corr-1"},
    {"url": "http://koppeltaal.nl/fhir/StructureDefinition/request-id", "valueId": "req-1"}],
  "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest", "display": "RESTful Operation"},
  "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "update"}],
  "action": "U", "recorded": "2024-05-01T12:00:00.250+02:00", "outcome": "0",
  "agent": [{"role": [{"coding": [{"system": "urn:role", "code": "r"}]}], "who": {"reference": "Device/d1"}, "altId": "Alt",
    "name": "Portal", "requestor": true, "policy": ["urn:policy:1"], "network": {"address": "10.0.0.1", "type": "2"}},
    {"who": {"reference": "Patient/p9"}, "requestor": false}],
  "source": {"site": "domain-d", "observer": {"reference": "Device/d2"}},
  "entity": [{"what": {"reference": "Patient/p1/_history/7"}, "type": {"system": "http://hl7.org/fhir/resource-types", "code": "Patient"},
    "role": {"system": "urn:r", "code": "1"}, "name": "Dossier"}]
}"#;

const SUBSCRIPTION: &str = r#"{
  "resourceType": "Subscription", "id": "s1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}}],
  "status": "requested", "contact": [{"system": "email", "value": "beheer@example.org", "use": "work"}], "reason": "x",
  "criteria": "Task?status=ready", "channel": {"type": "rest-hook", "endpoint": "https://hook.example/1", "payload": "application/fhir+json"}
}"#;

#[test]
fn an_audit_event_is_found_by_every_parameter() {
    check(
        AUDIT_EVENT,
        "
            action = U # http://hl7.org/fhir/audit-event-action
            address = 10.0.0.1 # 10.0.0.1
            agent = Device/d1
            agent = Patient/p9
            agent-name = portal # Portal
            agent-role = r # urn:role
            altid = Alt
            correlationId = corr-1
            date @ 2024-05-01T10:00:00.250Z
            entity = Patient/p1
            entity-name = dossier # Dossier
            entity-role = 1 # urn:r
            entity-type = Patient # http://hl7.org/fhir/resource-types
            outcome = 0 # http://hl7.org/fhir/audit-event-outcome
            patient = Patient/p1
            patient = Patient/p9
            policy = urn:policy:1
            requestId = req-1
            resource-origin = Device/d1
            site = domain-d
            source = Device/d2
            subtype = update # http://hl7.org/fhir/restful-interaction
            traceId = trace-1
            type = rest # http://terminology.hl7.org/CodeSystem/audit-event-type
            type:text = restful operation
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

#[test]
fn a_subscription_is_found_by_every_parameter() {
    check(
        SUBSCRIPTION,
        "
            contact = beheer@example.org # work
            criteria = task?status=ready # Task?status=ready
            payload = application/fhir+json # urn:ietf:bcp:13
            resource-origin = Device/d1
            status = requested # http://hl7.org/fhir/subscription-status
            type = rest-hook # http://hl7.org/fhir/subscription-channel-type
            url = https://hook.example/1
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

/// All of them.
pub const ALL: [&str; 2] = [AUDIT_EVENT, SUBSCRIPTION];
