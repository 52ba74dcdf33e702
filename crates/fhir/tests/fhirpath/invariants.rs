//! Invariants of R4, on data that keeps and on data that breaks them.

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{Context, EvaluateError, Expression, Item, Type};

use crate::support::parse;

/// Invariant, type of the element, element in JSON, does it hold?
fn check(rows: &[(&str, &str, &str, bool)]) {
    for (text, type_name, element, expected) in rows {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let node = parse(element);
        let focus = Item::element(Some(&node), None, Type::named(type_name));
        let context = Context::new(&node, Definitions::core()).with_focus(focus);
        let holds = expression.is_true(&context);
        assert_eq!(holds, Ok(*expected), "{text} on {element}");
    }
}

#[test]
fn invariants_of_data_types() {
    let ele_1 = "hasValue() or (children().count() > id.count())";
    let ext_1 = "extension.exists() != value.exists()";
    let per_1 = "start.hasValue().not() or end.hasValue().not() or (start <= end)";
    let rng_2 = "low.empty() or high.empty() or (low <= high)";
    let sqty_1 = "comparator.empty()";
    let drt_1 = "code.exists() implies ((system = %ucum) and value.exists())";
    let cpt_2 = "value.empty() or system.exists()";
    let age_1 = "(code.exists() or value.empty()) and (system.empty() or system = %ucum) and (value.empty() or value.hasValue().not() or value > 0)";
    let cnt_3 = "(code.exists() or value.empty()) and (system.empty() or system = %ucum) and (code.empty() or code = '1') and (value.empty() or value.hasValue().not() or value.toString().contains('.').not())";
    let rat_1 = "(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())";
    let tim_1 = "duration.empty() or durationUnit.exists()";
    let tim_4 = "duration.exists() implies duration >= 0";
    let tim_9 =
        "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))";
    check(&[
        (ele_1, "string", "\"x\"", true),
        (ele_1, "HumanName", r#"{"family": "x"}"#, true),
        (ele_1, "HumanName", r#"{"id": "x"}"#, false),
        (ele_1, "HumanName", "{}", false),
        (ext_1, "Extension", r#"{"url": "u", "valueString": "x"}"#, true),
        (ext_1, "Extension", r#"{"url": "u", "extension": [{"url": "v"}]}"#, true),
        (ext_1, "Extension", r#"{"url": "u"}"#, false),
        (
            ext_1,
            "Extension",
            r#"{"url": "u", "valueCode": "c", "extension": [{"url": "v"}]}"#,
            false,
        ),
        (per_1, "Period", r#"{"start": "2024-01-01", "end": "2024-01-01"}"#, true),
        (per_1, "Period", r#"{"start": "2024-01-02", "end": "2024-01-01"}"#, false),
        (per_1, "Period", r#"{"start": "2024-01-02"}"#, true),
        (per_1, "Period", r#"{"start": "2023", "end": "2024-01-01"}"#, true),
        (
            per_1,
            "Period",
            r#"{"start": "2024-01-01T23:00:00-02:00", "end": "2024-01-02T00:30:00Z"}"#,
            false,
        ),
        // The precision leaves the order open, and an invariant must be true.
        (per_1, "Period", r#"{"start": "2024", "end": "2024-01-01"}"#, false),
        (rng_2, "Range", r#"{"low": {"value": 1}, "high": {"value": 2.5}}"#, true),
        (rng_2, "Range", r#"{"low": {"value": 3}, "high": {"value": 2}}"#, false),
        (rng_2, "Range", r#"{"low": {"value": 1}}"#, true),
        (sqty_1, "Quantity", r#"{"value": 1, "comparator": "<"}"#, false),
        (
            drt_1,
            "Duration",
            r#"{"value": 1, "code": "h", "system": "http://unitsofmeasure.org"}"#,
            true,
        ),
        (drt_1, "Duration", r#"{"value": 1, "code": "h", "system": "http://x"}"#, false),
        (drt_1, "Duration", r#"{"value": 1}"#, true),
        (cpt_2, "ContactPoint", r#"{"value": "1"}"#, false),
        (cpt_2, "ContactPoint", r#"{"value": "1", "system": "phone"}"#, true),
        (age_1, "Age", r#"{"value": 1, "code": "a", "system": "http://unitsofmeasure.org"}"#, true),
        (
            age_1,
            "Age",
            r#"{"value": -1, "code": "a", "system": "http://unitsofmeasure.org"}"#,
            false,
        ),
        (cnt_3, "Count", r#"{"value": 3, "code": "1"}"#, true),
        (cnt_3, "Count", r#"{"value": 3.0, "code": "1"}"#, false),
        (rat_1, "Ratio", r#"{"numerator": {"value": 1}, "denominator": {"value": 2}}"#, true),
        (rat_1, "Ratio", r#"{"numerator": {"value": 1}}"#, false),
        (tim_1, "Timing", r#"{"duration": 1}"#, false),
        (tim_4, "Timing", r#"{"duration": -0.5}"#, false),
        (tim_4, "Timing", r#"{"duration": 0}"#, true),
        (tim_9, "Timing", r#"{"offset": 5, "when": ["AC"]}"#, true),
        (tim_9, "Timing", r#"{"offset": 5, "when": ["CM"]}"#, false),
    ]);
}

const REF_1: &str = "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))";
const DOM_3: &str = "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()";

#[test]
fn invariants_of_resources() {
    let pat_1 = "name.exists() or telecom.exists() or address.exists() or organization.exists()";
    let org_1 = "(identifier.count() + name.count()) > 0";
    let inv_1 =
        "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn";
    let bdl_7 = "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()";
    let bdl_3 = "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = 'history'))";
    let csd_1 = "concept.code.combine($this.descendants().concept.code).isDistinct()";
    let nsd_2 = "uniqueId.where(preferred = true).select(type).isDistinct()";
    let sdf_9 = "children().element.where(path.contains('.').not()).label.empty()";
    let sdf_8 = "(%resource.kind = 'logical' or element.first().path = %resource.type) and element.tail().all(path.startsWith(%resource.snapshot.element.first().path&'.'))";
    let contained = |reference: &str| {
        format!(
            "{{\"resourceType\": \"Patient\", \"contained\": [{{\"resourceType\": \"Organization\", \"id\": \"o\"}}], \"managingOrganization\": {{\"reference\": \"{reference}\"}}}}"
        )
    };
    let used = contained("#o");
    let unused = contained("Organization/o");
    check(&[
        (pat_1, "BackboneElement", r#"{"name": {"text": "x"}}"#, true),
        (pat_1, "BackboneElement", r#"{"gender": "male"}"#, false),
        (org_1, "Organization", r#"{"name": "x"}"#, true),
        (org_1, "Organization", r#"{"active": true}"#, false),
        (
            inv_1,
            "Task",
            r#"{"resourceType": "Task", "authoredOn": "2024-01-01T10:00:00Z", "lastModified": "2024-01-01T11:00:00+01:00"}"#,
            true,
        ),
        (
            inv_1,
            "Task",
            r#"{"resourceType": "Task", "authoredOn": "2024-01-01T10:00:00Z", "lastModified": "2024-01-01T09:00:00Z"}"#,
            false,
        ),
        (
            bdl_7,
            "Bundle",
            r#"{"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "a"}, {"fullUrl": "b"}]}"#,
            true,
        ),
        (
            bdl_7,
            "Bundle",
            r#"{"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "a"}, {"fullUrl": "a"}]}"#,
            false,
        ),
        (
            bdl_7,
            "Bundle",
            r#"{"resourceType": "Bundle", "type": "history", "entry": [{"fullUrl": "a"}, {"fullUrl": "a"}]}"#,
            true,
        ),
        (
            bdl_3,
            "Bundle",
            r#"{"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"url": "a"}}]}"#,
            true,
        ),
        (
            bdl_3,
            "Bundle",
            r#"{"resourceType": "Bundle", "type": "collection", "entry": [{"request": {"url": "a"}}]}"#,
            false,
        ),
        (
            csd_1,
            "CodeSystem",
            r#"{"resourceType": "CodeSystem", "concept": [{"code": "a", "concept": [{"code": "b"}]}]}"#,
            true,
        ),
        (
            csd_1,
            "CodeSystem",
            r#"{"resourceType": "CodeSystem", "concept": [{"code": "a", "concept": [{"code": "a"}]}]}"#,
            false,
        ),
        (
            nsd_2,
            "NamingSystem",
            r#"{"resourceType": "NamingSystem", "uniqueId": [{"type": "uri", "preferred": true}, {"type": "uri"}]}"#,
            true,
        ),
        (
            nsd_2,
            "NamingSystem",
            r#"{"resourceType": "NamingSystem", "uniqueId": [{"type": "uri", "preferred": true}, {"type": "uri", "preferred": true}]}"#,
            false,
        ),
        (
            sdf_9,
            "StructureDefinition",
            r#"{"resourceType": "StructureDefinition", "snapshot": {"element": [{"path": "A"}, {"path": "A.b", "label": "x"}]}}"#,
            true,
        ),
        (
            sdf_9,
            "StructureDefinition",
            r#"{"resourceType": "StructureDefinition", "snapshot": {"element": [{"path": "A", "label": "x"}]}}"#,
            false,
        ),
        (DOM_3, "Patient", &used, true),
        (DOM_3, "Patient", &unused, false),
        (DOM_3, "Patient", r#"{"resourceType": "Patient"}"#, true),
    ]);
    let node = parse(
        r#"{"resourceType": "StructureDefinition", "kind": "resource", "type": "A", "snapshot": {"element": [{"path": "A"}, {"path": "A.b"}]}}"#,
    );
    let snapshot = node.get("snapshot").unwrap();
    let focus = Item::element(Some(snapshot), None, Type::named("BackboneElement"));
    let context = Context::new(&node, Definitions::core()).with_focus(focus);
    assert_eq!(Expression::parse(sdf_8).unwrap().is_true(&context), Ok(true));
}

#[test]
fn references_lead_to_what_is_contained() {
    let node = parse(
        r##"{"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o"}]}"##,
    );
    let expression = Expression::parse(REF_1).unwrap();
    for (reference, expected) in [("#o", true), ("#p", false), ("Patient/1", true)] {
        let element = parse(&format!("{{\"reference\": \"{reference}\"}}"));
        let focus = Item::element(Some(&element), None, Type::named("Reference"));
        let context = Context::new(&node, Definitions::core()).with_focus(focus);
        assert_eq!(expression.is_true(&context), Ok(expected), "{reference}");
    }
}

#[test]
fn a_primitive_without_value_is_judged_by_its_extensions() {
    let extra = parse(r#"{"extension": [{"url": "u", "valueCode": "c"}]}"#);
    let only_id = parse(r#"{"id": "x"}"#);
    let resource = parse(r#"{"resourceType": "Patient"}"#);
    let expression = Expression::parse("hasValue() or (children().count() > id.count())").unwrap();
    for (extra, expected) in [(&extra, true), (&only_id, false)] {
        let focus = Item::element(None, Some(extra), Type::named("date"));
        let context = Context::new(&resource, Definitions::core()).with_focus(focus);
        assert_eq!(expression.is_true(&context), Ok(expected));
    }
}

#[test]
fn invariants_are_true_false_or_no_question() {
    let node = parse(r#"{"resourceType": "Patient", "name": [{"family": "a"}, {"family": "b"}]}"#);
    let context = Context::new(&node, Definitions::core());
    for (text, expected) in [
        ("true", Ok(true)),
        ("false", Ok(false)),
        ("{}", Ok(false)),
        ("name.first()", Ok(true)),
        ("name", Err(EvaluateError::NotSingle { what: "the invariant" })),
        ("'a' < 1", Err(EvaluateError::WrongType { what: "a comparison" })),
    ] {
        assert_eq!(Expression::parse(text).unwrap().is_true(&context), expected, "{text}");
    }
}
