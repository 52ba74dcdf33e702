package koppeltaal;

import static koppeltaal.Steps.same;
import static koppeltaal.Steps.that;

import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.InvalidRequestException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.util.List;
import java.util.UUID;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.OperationOutcome.OperationOutcomeIssueComponent;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;

/** What is refused, as the exceptions and OperationOutcomes that HAPI makes of it. */
final class Refusals {
    private final Server server;
    private final EncodingEnum encoding;
    private final IGenericClient client;
    private final Ground ground;
    private final Steps steps;

    Refusals(Server server, EncodingEnum encoding, Ground ground, Steps steps) {
        this.server = server;
        this.encoding = encoding;
        this.client = server.generic(encoding);
        this.ground = ground;
        this.steps = steps;
    }

    void run() {
        steps.check("no token that holds: 401", () -> {
            IGenericClient nobody = new Server(server.context(), server.base(), "none").generic(encoding);
            steps.refused(AuthenticationException.class,
                    () -> nobody.read().resource(Patient.class).withId("x").execute());
        });
        steps.check("an id that nothing has: 404", () -> {
            var unknown = new IdType("Patient", UUID.randomUUID().toString());
            told(steps.refused(ResourceNotFoundException.class,
                    () -> client.read().resource(Patient.class).withId(unknown).execute()));
        });
        steps.check("an update of what is not there: 404", () -> {
            Patient patient = ground.patient(1);
            patient.setId(new IdType("Patient", UUID.randomUUID().toString(), "1"));
            told(steps.refused(ResourceNotFoundException.class,
                    () -> client.update().resource(patient).execute()));
        });
        steps.check("what the profile does not allow: 422 with the places", () -> {
            Patient patient = ground.patient(2);
            patient.setBirthDate(null);
            patient.setMaritalStatus(patient.getMaritalStatus().setText("x"));
            var issues = told(steps.refused(UnprocessableEntityException.class,
                    () -> client.create().resource(patient).execute()));
            that(issues.size() >= 2, "an issue for each: " + issues.size());
            that(issues.stream().anyMatch(issue -> names(issue, "maritalStatus")), "Patient.maritalStatus");
        });
        steps.check("a reference to nothing: 422", () -> told(steps.refused(
                UnprocessableEntityException.class,
                () -> client.create().resource(ground.task(
                        new IdType("Patient", UUID.randomUUID().toString()), 9)).execute())));
        steps.check("an unknown parameter under handling=strict: 400", () -> told(steps.refused(
                InvalidRequestException.class,
                () -> client.search().byUrl("Patient?shoe-size=43").returnBundle(Bundle.class)
                        .withAdditionalHeader("Prefer", "handling=strict").execute())));
        notSupported();
    }

    private void notSupported() {
        unsupported("conditional create", () -> client.create().resource(ground.patient(3)).conditional()
                .where(Patient.IDENTIFIER.exactly().identifier(ground.marker + "-3")).execute());
        unsupported("conditional update", () -> client.update().resource(ground.patient(3)).conditional()
                .where(Patient.IDENTIFIER.exactly().identifier(ground.marker + "-3")).execute());
        unsupported("conditional delete", () -> client.delete().resourceConditionalByType(Patient.class)
                .where(Patient.IDENTIFIER.exactly().identifier(ground.marker + "-3")).execute());
        unsupported("patch", () -> client.patch().withFhirPatch(new Parameters())
                .withId("Patient/" + UUID.randomUUID()).execute());
        unsupported("transaction", () -> {
            Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
            bundle.addEntry().setResource(ground.patient(3)).getRequest()
                    .setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
            client.transaction().withBundle(bundle).execute();
        });
        unsupported("history of the system",
                () -> client.history().onServer().returnBundle(Bundle.class).execute());
        unsupported("search of the system",
                () -> client.search().forAllResources().returnBundle(Bundle.class).execute());
        steps.check("and nothing came of it", () -> {
            Bundle found = client.search().forResource(Patient.class)
                    .where(Patient.IDENTIFIER.exactly().identifier(ground.marker + "-3"))
                    .returnBundle(Bundle.class).execute();
            same("total", 0, found.getTotal());
        });
    }

    private void unsupported(String what, Steps.Check check) {
        steps.check(what + " is not supported: 400 or 405", () -> {
            var refusal = steps.refused(BaseServerResponseException.class, check);
            that(List.of(400, 405).contains(refusal.getStatusCode()),
                    refusal.getStatusCode() + " " + refusal.getResponseBody());
            var issues = told(refusal);
            that(issues.stream().anyMatch(
                    issue -> issue.getCode() == OperationOutcome.IssueType.NOTSUPPORTED),
                    "not-supported: " + refusal.getResponseBody());
        });
    }

    /** The issues of the OperationOutcome of a refusal. */
    private static List<OperationOutcomeIssueComponent> told(BaseServerResponseException refusal) {
        var told = (OperationOutcome) refusal.getOperationOutcome();
        that(told != null && told.hasIssue(), "an OperationOutcome: " + refusal.getResponseBody());
        that(told.getIssue().stream().allMatch(issue -> issue.hasSeverity() && issue.hasCode()),
                "severity and code");
        return told.getIssue();
    }

    /** Whether an issue names a place with this in it. */
    static boolean names(OperationOutcomeIssueComponent issue, String place) {
        return issue.getExpression().stream().anyMatch(text -> text.getValue().contains(place));
    }
}
