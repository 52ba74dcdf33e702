//! Rows of CareTeams, Organizations, Devices and Endpoints.

use super::table::check;

const CARE_TEAM: &str = r#"{
  "resourceType": "CareTeam", "id": "c1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}}],
  "identifier": [{"system": "urn:i", "value": "1"}], "status": "active",
  "category": [{"coding": [{"system": "http://loinc.org", "code": "LA27976-2"}]}],
  "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"},
  "period": {"start": "2024-01-01"},
  "participant": [{"member": {"reference": "Practitioner/g1"}, "onBehalfOf": {"reference": "Organization/o1"}}, {"member": {"reference": "RelatedPerson/r1"}}],
  "managingOrganization": [{"reference": "Organization/o2"}]
}"#;

const ORGANIZATION: &str = r#"{
  "resourceType": "Organization", "id": "o1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}}],
  "identifier": [{"system": "urn:ura", "value": "7"}], "active": true,
  "type": [{"coding": [{"system": "urn:type", "code": "V4", "display": "Ziekenhuis"}]}],
  "name": "Zorg & Co", "alias": ["ZC"],
  "address": [{"use": "work", "district": "Oost", "city": "Gouda", "state": "ZH", "postalCode": "2800", "country": "NL"}],
  "partOf": {"reference": "Organization/o0"}, "endpoint": [{"reference": "Endpoint/e1"}]
}"#;

const DEVICE: &str = r#"{
  "resourceType": "Device", "id": "d1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d0"}}],
  "identifier": [{"system": "http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id", "value": "c-1"}],
  "udiCarrier": [{"deviceIdentifier": "DI", "carrierHRF": "(01)2"}],
  "status": "active", "manufacturer": "Acme", "modelNumber": "M-1",
  "deviceName": [{"name": "Portal", "type": "user-friendly-name"}],
  "type": {"coding": [{"system": "urn:type", "code": "app", "display": "App"}], "text": "Software"},
  "patient": {"reference": "Patient/p1"}, "owner": {"reference": "Organization/o1"},
  "location": {"reference": "Location/l1"}, "url": "https://acme.example/device"
}"#;

const ENDPOINT: &str = r#"{
  "resourceType": "Endpoint", "id": "e1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}}],
  "identifier": [{"system": "urn:i", "value": "1"}], "status": "active",
  "connectionType": {"system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type", "code": "hti-smart-on-fhir"},
  "name": "Launch", "managingOrganization": {"reference": "Organization/o1"},
  "payloadType": [{"coding": [{"code": "any"}]}], "address": "https://acme.example/launch"
}"#;

#[test]
fn a_care_team_is_found_by_every_parameter() {
    check(
        CARE_TEAM,
        "
            category = LA27976-2 # http://loinc.org
            date @ 2024-01-01..
            encounter = Encounter/e1
            identifier = 1 # urn:i
            participant = Practitioner/g1
            participant = RelatedPerson/r1
            patient = Patient/p1
            resource-origin = Device/d1
            status = active # http://hl7.org/fhir/care-team-status
            subject = Patient/p1
            _profile = urn:p
            _reference = Organization/o1
            _reference = Organization/o2
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

#[test]
fn an_organization_is_found_by_every_parameter() {
    check(
        ORGANIZATION,
        "
            active = true
            address = oost # Oost
            address-city = gouda # Gouda
            address-country = nl # NL
            address-postalcode = 2800 # 2800
            address-state = zh # ZH
            address-use = work # http://hl7.org/fhir/address-use
            endpoint = Endpoint/e1
            identifier = 7 # urn:ura
            name = zc # ZC
            partof = Organization/o0
            phonetic = zorg & co # Zorg & Co
            resource-origin = Device/d1
            type = V4 # urn:type
            type:text = ziekenhuis
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

#[test]
fn a_device_is_found_by_every_parameter() {
    check(
        DEVICE,
        "
            device-name = app # App
            device-name = portal # Portal
            device-name = software # Software
            identifier = c-1 # http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id
            location = Location/l1
            manufacturer = acme # Acme
            model = m-1 # M-1
            organization = Organization/o1
            patient = Patient/p1
            resource-origin = Device/d0
            status = active # http://hl7.org/fhir/device-status
            type = app # urn:type
            type:text = app
            type:text = software
            udi-carrier = (01)2 # (01)2
            udi-di = di # DI
            url = https://acme.example/device
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

#[test]
fn an_endpoint_is_found_by_every_parameter() {
    check(
        ENDPOINT,
        "
            connection-type = hti-smart-on-fhir # http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type
            identifier = 1 # urn:i
            name = launch # Launch
            organization = Organization/o1
            payload-type = any
            resource-origin = Device/d1
            status = active # http://hl7.org/fhir/endpoint-status
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

/// All of them.
pub const ALL: [&str; 4] = [CARE_TEAM, ORGANIZATION, DEVICE, ENDPOINT];
