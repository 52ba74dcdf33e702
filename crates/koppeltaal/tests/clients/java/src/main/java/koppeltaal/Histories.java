package koppeltaal;

import static koppeltaal.Steps.same;
import static koppeltaal.Steps.that;

import ca.uhn.fhir.rest.client.api.IGenericClient;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseBundle;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Bundle.BundleEntryComponent;
import org.hl7.fhir.r4.model.Bundle.HTTPVerb;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.CapabilityStatement.CapabilityStatementRestResourceComponent;
import org.hl7.fhir.r4.model.CapabilityStatement.TypeRestfulInteraction;
import org.hl7.fhir.r4.model.Enumerations.FHIRVersion;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Patient;

/** Histories, the CapabilityStatement and {@code $validate} with the generic client. */
final class Histories {
    private final IGenericClient client;
    private final Ground ground;
    private final Steps steps;

    Histories(IGenericClient client, Ground ground, Steps steps) {
        this.client = client;
        this.ground = ground;
        this.steps = steps;
    }

    void run() {
        Date before = new Date(System.currentTimeMillis() - 1_000);
        IIdType id = Ground.created(client, steps, "Patient", ground.patient(0));
        steps.check("two more versions and a delete", () -> {
            for (int version = 1; version <= 2; version++) {
                Patient read = client.read().resource(Patient.class).withId(id).execute();
                client.update().resource(read.setActive(version % 2 == 0)).execute();
            }
            client.delete().resourceById(id).execute();
        });
        steps.check("history of a deleted instance", () -> ofInstance(id));
        steps.check("history of an instance in pages", () -> inPages(id));
        steps.check("history of a type", () -> ofType(before, id));
        steps.check("capabilities", this::capabilities);
        steps.check("$validate of a valid resource", () -> {
            var told = (OperationOutcome) client.validate().resource(ground.patient(1)).execute()
                    .getOperationOutcome();
            that(told.getIssue().stream().noneMatch(Histories::isError), "no errors");
        });
        steps.check("$validate of another", () -> {
            Patient patient = ground.patient(2);
            patient.setBirthDate(null);
            var told = (OperationOutcome) client.validate().resource(patient).execute()
                    .getOperationOutcome();
            that(told.getIssue().stream().anyMatch(issue -> isError(issue) && Refusals.names(issue, "Patient")),
                    "an error with its place");
            Bundle found = client.search().forResource(Patient.class)
                    .where(Patient.IDENTIFIER.exactly().identifier(ground.marker + "-2"))
                    .returnBundle(Bundle.class).execute();
            same("stored", 0, found.getTotal());
        });
    }

    private static boolean isError(OperationOutcome.OperationOutcomeIssueComponent issue) {
        return issue.getSeverity() == OperationOutcome.IssueSeverity.ERROR
                || issue.getSeverity() == OperationOutcome.IssueSeverity.FATAL;
    }

    private void ofInstance(IIdType id) {
        Bundle found = client.history().onInstance(id).returnBundle(Bundle.class).execute();
        same("type", Bundle.BundleType.HISTORY, found.getType());
        same("total", 4, found.getTotal());
        same("what was done", List.of(HTTPVerb.DELETE, HTTPVerb.PUT, HTTPVerb.PUT, HTTPVerb.POST),
                found.getEntry().stream().map(entry -> entry.getRequest().getMethod()).toList());
        BundleEntryComponent deleted = found.getEntry().get(0);
        that(!deleted.hasResource(), "a deleted version has no resource");
        that(deleted.getFullUrl().endsWith(id.getValue()), deleted.getFullUrl());
        for (int index = 1; index < 4; index++) {
            BundleEntryComponent entry = found.getEntry().get(index);
            String version = String.valueOf(4 - index);
            same("version", version, entry.getResource().getMeta().getVersionId());
            same("ETag", "W/\"" + version + "\"", entry.getResponse().getEtag());
            that(entry.getResponse().hasLastModified(), "when it was");
        }
    }

    private void inPages(IIdType id) {
        Bundle page = client.history().onInstance(id).returnBundle(Bundle.class).count(3).execute();
        List<String> seen = new ArrayList<>(etags(page));
        same("on the first page", 3, seen.size());
        Bundle next = client.loadPage().next(page).execute();
        seen.addAll(etags(next));
        same("all", List.of("W/\"4\"", "W/\"3\"", "W/\"2\"", "W/\"1\""), seen);
        that(next.getLink(IBaseBundle.LINK_NEXT) == null, "no page after the last");
        same("total", 4, next.getTotal());
    }

    private static List<String> etags(Bundle bundle) {
        return bundle.getEntry().stream().map(entry -> entry.getResponse().getEtag()).toList();
    }

    private void ofType(Date before, IIdType id) {
        Bundle page = client.history().onType(Patient.class).returnBundle(Bundle.class)
                .since(before).count(2).execute();
        List<String> seen = new ArrayList<>();
        int entries = 0;
        for (int pages = 1; ; pages++) {
            that(pages < 50, "it ends");
            entries += page.getEntry().size();
            for (BundleEntryComponent entry : page.getEntry()) {
                if (entry.getFullUrl().endsWith(id.getValue())) {
                    seen.add(entry.getResponse().getEtag());
                }
            }
            if (page.getLink(IBaseBundle.LINK_NEXT) == null) {
                break;
            }
            page = client.loadPage().next(page).execute();
        }
        same("versions", List.of("W/\"4\"", "W/\"3\"", "W/\"2\"", "W/\"1\""), seen);
        same("total", page.getTotal(), entries);
    }

    private void capabilities() {
        CapabilityStatement said = client.capabilities().ofType(CapabilityStatement.class).execute();
        same("fhirVersion", FHIRVersion._4_0_1, said.getFhirVersion());
        var rest = said.getRestFirstRep();
        that(rest.getSecurity().hasExtension(
                "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"), "OAuth URIs");
        var formats = new HashSet<>(said.getFormat().stream().map(code -> code.getValue()).toList());
        that(formats.contains("application/fhir+json") && formats.contains("application/fhir+xml"),
                "formats: " + formats);
        var patient = rest.getResource().stream().filter(r -> r.getType().equals("Patient")).findFirst()
                .orElseThrow();
        for (TypeRestfulInteraction interaction : List.of(
                TypeRestfulInteraction.READ, TypeRestfulInteraction.VREAD, TypeRestfulInteraction.CREATE,
                TypeRestfulInteraction.UPDATE, TypeRestfulInteraction.DELETE,
                TypeRestfulInteraction.SEARCHTYPE, TypeRestfulInteraction.HISTORYINSTANCE,
                TypeRestfulInteraction.HISTORYTYPE)) {
            that(patient.getInteraction().stream().anyMatch(i -> i.getCode() == interaction),
                    "Patient: " + interaction);
        }
        that(parameters(patient).contains("resource-origin"), "Patient: " + parameters(patient));
        that(patient.getSupportedProfile().stream().anyMatch(p -> p.getValue().endsWith("/KT2Patient")),
                "supportedProfile");
    }

    private static List<String> parameters(CapabilityStatementRestResourceComponent resource) {
        return resource.getSearchParam().stream().map(p -> p.getName()).toList();
    }
}
