//! The resource types of FHIR R4 (4.0.1) and the numbers the store knows them by.

/// The names of all resource types, in alphabetical order. `Resource` and
/// `DomainResource` are not among them: nothing is only that.
///
/// The place in this list is what the store keeps: never insert, remove or
/// reorder. What another version of FHIR adds goes to the end.
pub const ALL: &[&str] = &[
    "Account",
    "ActivityDefinition",
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Basic",
    "Binary",
    "BiologicallyDerivedProduct",
    "BodyStructure",
    "Bundle",
    "CapabilityStatement",
    "CarePlan",
    "CareTeam",
    "CatalogEntry",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "ClinicalImpression",
    "CodeSystem",
    "Communication",
    "CommunicationRequest",
    "CompartmentDefinition",
    "Composition",
    "ConceptMap",
    "Condition",
    "Consent",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "Device",
    "DeviceDefinition",
    "DeviceMetric",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "EffectEvidenceSynthesis",
    "Encounter",
    "Endpoint",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "EpisodeOfCare",
    "EventDefinition",
    "Evidence",
    "EvidenceVariable",
    "ExampleScenario",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "GraphDefinition",
    "Group",
    "GuidanceResponse",
    "HealthcareService",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "ImplementationGuide",
    "InsurancePlan",
    "Invoice",
    "Library",
    "Linkage",
    "List",
    "Location",
    "Measure",
    "MeasureReport",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationRequest",
    "MedicationStatement",
    "MedicinalProduct",
    "MedicinalProductAuthorization",
    "MedicinalProductContraindication",
    "MedicinalProductIndication",
    "MedicinalProductIngredient",
    "MedicinalProductInteraction",
    "MedicinalProductManufactured",
    "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical",
    "MedicinalProductUndesirableEffect",
    "MessageDefinition",
    "MessageHeader",
    "MolecularSequence",
    "NamingSystem",
    "NutritionOrder",
    "Observation",
    "ObservationDefinition",
    "OperationDefinition",
    "OperationOutcome",
    "Organization",
    "OrganizationAffiliation",
    "Parameters",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Person",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RequestGroup",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "ResearchStudy",
    "ResearchSubject",
    "RiskAssessment",
    "RiskEvidenceSynthesis",
    "Schedule",
    "SearchParameter",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "SpecimenDefinition",
    "StructureDefinition",
    "StructureMap",
    "Subscription",
    "Substance",
    "SubstanceNucleicAcid",
    "SubstancePolymer",
    "SubstanceProtein",
    "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
    "SubstanceSpecification",
    "SupplyDelivery",
    "SupplyRequest",
    "Task",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
    "ValueSet",
    "VerificationResult",
    "VisionPrescription",
];

/// The number of a type in the store (1 for the first), `None` for what is no
/// resource type. Names are compared exactly.
pub fn number(name: &str) -> Option<i64> {
    let index = ALL.binary_search(&name).ok()?;
    i64::try_from(index).ok().map(|index| index + 1)
}

/// The type with this number of the store.
pub fn name(number: i64) -> Option<&'static str> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    ALL.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_r4_are_in_order_and_each_is_there_once() {
        assert_eq!(ALL.len(), 146);
        assert!(ALL.is_sorted_by(|a, b| a < b), "binary search needs the order");
    }

    #[test]
    fn every_type_is_found_by_its_number() {
        for name in ALL {
            assert_eq!(number(name).and_then(super::name), Some(*name));
        }
    }

    #[test]
    fn the_numbers_that_stores_hold_never_change() {
        let kept = [("Account", 1), ("Device", 35), ("Patient", 103), ("Task", 140)];
        for (name, expected) in kept {
            assert_eq!(number(name), Some(expected), "{name}");
        }
        assert_eq!(number("VisionPrescription"), Some(146));
    }

    #[test]
    fn what_is_no_type_has_no_number_and_other_numbers_no_name() {
        for text in ["", "patient", "Patients", "Resource", "DomainResource", "*", "Ünit"] {
            assert_eq!(number(text), None, "{text}");
        }
        for number in [i64::MIN, -1, 0, 147, i64::MAX] {
            assert_eq!(name(number), None, "{number}");
        }
    }
}
