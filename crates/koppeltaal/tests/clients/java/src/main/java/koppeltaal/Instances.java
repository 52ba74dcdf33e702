package koppeltaal;

import static koppeltaal.Steps.same;
import static koppeltaal.Steps.that;

import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.apache.GZipContentInterceptor;
import ca.uhn.fhir.rest.client.interceptor.CapturingInterceptor;
import ca.uhn.fhir.rest.server.exceptions.InvalidRequestException;
import ca.uhn.fhir.rest.server.exceptions.NotModifiedException;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.ResourceVersionConflictException;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Reference;

/** The life of one patient with the generic client: created, read, changed, deleted. */
final class Instances {
    private final Server server;
    private final EncodingEnum encoding;
    private final IGenericClient client;
    private final Ground ground;
    private final Steps steps;

    Instances(Server server, EncodingEnum encoding, Ground ground, Steps steps) {
        this.server = server;
        this.encoding = encoding;
        this.client = server.generic(encoding);
        this.ground = ground;
        this.steps = steps;
    }

    void run() {
        steps.check("the CapabilityStatement passes HAPI's check", client::forceConformanceCheck);
        Patient sent = ground.patient(0);
        IIdType id = Ground.created(client, steps, "Patient", sent.copy());
        steps.check("read", () -> read(id, sent));
        steps.check("read in the encoding that was asked for", () -> encoded(id));
        steps.check("read by its URL, pretty", () -> {
            Patient read = client.read().resource(Patient.class)
                    .withUrl(server.base() + "/" + id.getValue()).prettyPrint().execute();
            same("id", id.getIdPart(), read.getIdPart());
        });
        steps.check("update with If-Match", () -> update(id));
        steps.check("vread of both versions", () -> versions(id));
        steps.check("conditional read", () -> unchanged(id));
        steps.check("a stale If-Match is refused with 412", () -> stale(id));
        steps.check("an update without If-Match is refused with 400", () -> {
            Patient read = client.read().resource(Patient.class).withId(id).execute();
            read.setId(id);
            steps.refused(InvalidRequestException.class, () -> client.update().resource(read).execute());
        });
        steps.check("Prefer", this::prefer);
        steps.check("a request in gzip", this::compressed);
        steps.check("a delete of what is referred to is refused with 409", () -> referred(id));
        delete();
    }

    private void read(IIdType id, Patient sent) {
        Patient read = client.read().resource(Patient.class).withId(id.getIdPart()).execute();
        same("id", id.getIdPart(), read.getIdPart());
        same("version of the id", "1", read.getIdElement().getVersionIdPart());
        same("version in meta", "1", read.getMeta().getVersionId());
        that(read.getMeta().getLastUpdated() != null, "meta.lastUpdated is there");
        Reference origin = (Reference) read.getExtensionByUrl(Ground.ORIGIN).getValue();
        that(origin.getReference().startsWith("Device/"), "the origin is a Device: " + origin.getReference());
        same("content", text(sent), text(read));
    }

    /** The resource without what the server adds. */
    private String text(Patient patient) {
        Patient bare = patient.copy();
        bare.setId((String) null);
        bare.getMeta().setVersionId(null).setLastUpdated(null);
        bare.getExtension().removeIf(extension -> extension.getUrl().equals(Ground.ORIGIN));
        return server.context().newJsonParser().encodeResourceToString(bare);
    }

    private void encoded(IIdType id) {
        IGenericClient watched = server.generic(encoding);
        CapturingInterceptor seen = new CapturingInterceptor();
        watched.registerInterceptor(seen);
        watched.read().resource(Patient.class).withId(id).execute();
        String type = seen.getLastResponse().getHeaders("Content-Type").get(0);
        String wanted = encoding == EncodingEnum.XML ? "application/fhir+xml" : "application/fhir+json";
        that(type.startsWith(wanted + ";"), type + " instead of " + wanted);
        that(type.toLowerCase().contains("charset=utf-8"), type);
    }

    private void update(IIdType id) {
        Patient read = client.read().resource(Patient.class).withId(id).execute();
        read.addIdentifier().setSystem(Ground.SYSTEM).setValue(ground.marker + "-second");
        // The id has a version, so HAPI sends If-Match.
        MethodOutcome outcome = client.update().resource(read).execute();
        same("version in the answer", "2", outcome.getId().getVersionIdPart());
        Patient answer = (Patient) outcome.getResource();
        same("version in the body", "2", answer.getMeta().getVersionId());
        same("identifiers", 2, answer.getIdentifier().size());
    }

    private void versions(IIdType id) {
        for (int version = 1; version <= 2; version++) {
            Patient read = client.read().resource(Patient.class)
                    .withIdAndVersion(id.getIdPart(), String.valueOf(version)).execute();
            same("version", String.valueOf(version), read.getMeta().getVersionId());
            same("identifiers", version, read.getIdentifier().size());
        }
    }

    private void unchanged(IIdType id) throws Exception {
        steps.refused(NotModifiedException.class, () -> client.read().resource(Patient.class).withId(id)
                .ifVersionMatches("2").throwNotModifiedException().execute());
        Patient read = client.read().resource(Patient.class).withId(id)
                .ifVersionMatches("1").throwNotModifiedException().execute();
        same("version", "2", read.getMeta().getVersionId());
    }

    private void stale(IIdType id) throws Exception {
        Patient old = client.read().resource(Patient.class)
                .withIdAndVersion(id.getIdPart(), "1").execute();
        old.setActive(false);
        var refusal = steps.refused(
                PreconditionFailedException.class, () -> client.update().resource(old).execute());
        that(refusal.getOperationOutcome() != null, "it says why");
        Patient now = client.read().resource(Patient.class).withId(id).execute();
        that(now.getActive() && now.getMeta().getVersionId().equals("2"), "nothing was changed");
    }

    private void prefer() {
        MethodOutcome minimal = client.create().resource(ground.patient(101))
                .prefer(PreferReturnEnum.MINIMAL).execute();
        that(minimal.getResource() == null, "minimal: no resource");
        that(minimal.getId().hasVersionIdPart(), "minimal: the id has its version");
        MethodOutcome whole = client.create().resource(ground.patient(102))
                .prefer(PreferReturnEnum.REPRESENTATION).execute();
        same("representation", ground.marker + "-102",
                ((Patient) whole.getResource()).getIdentifierFirstRep().getValue());
        MethodOutcome told = client.create().resource(ground.patient(103))
                .prefer(PreferReturnEnum.OPERATION_OUTCOME).execute();
        that(told.getOperationOutcome() instanceof OperationOutcome, "an OperationOutcome");
    }

    private void compressed() {
        IGenericClient small = server.generic(encoding);
        small.registerInterceptor(new GZipContentInterceptor());
        IIdType id = small.create().resource(ground.patient(104)).execute().getId();
        Patient read = small.read().resource(Patient.class).withId(id.getIdPart()).execute();
        same("identifier", ground.marker + "-104", read.getIdentifierFirstRep().getValue());
    }

    private void referred(IIdType id) throws Exception {
        var task = client.create().resource(ground.task(id, 0)).execute().getId();
        var refusal = steps.refused(ResourceVersionConflictException.class,
                () -> client.delete().resourceById(id).execute());
        that(refusal.getOperationOutcome() != null, "it says why");
        client.delete().resourceById(task.toUnqualifiedVersionless()).execute();
        client.read().resource(Patient.class).withId(id).execute();
    }

    private void delete() {
        IIdType id = Ground.created(client, steps, "Patient", ground.patient(105));
        steps.check("a delete with a stale If-Match is refused with 412", () -> {
            Patient read = client.read().resource(Patient.class).withId(id).execute();
            client.update().resource(read.setActive(false)).execute();
            steps.refused(PreconditionFailedException.class, () -> client.delete().resourceById(id)
                    .withAdditionalHeader("If-Match", "W/\"1\"").execute());
        });
        steps.check("delete with If-Match", () -> {
            MethodOutcome outcome = client.delete().resourceById(id)
                    .withAdditionalHeader("If-Match", "W/\"2\"").execute();
            var told = (OperationOutcome) outcome.getOperationOutcome();
            that(told != null && told.hasIssue(), "an OperationOutcome with an issue");
        });
        steps.check("a read after the delete is refused with 410", () -> {
            var gone = steps.refused(ResourceGoneException.class,
                    () -> client.read().resource(Patient.class).withId(id).execute());
            that(gone.getOperationOutcome() != null, "it says why");
        });
        steps.check("the versions before the delete are readable", () -> {
            Patient read = client.read().resource(Patient.class)
                    .withIdAndVersion(id.getIdPart(), "2").execute();
            that(!read.getActive(), "as it was last");
        });
        steps.check("an update after the delete is refused with 410", () -> {
            Patient late = ground.patient(105);
            late.setId(new IdType("Patient", id.getIdPart(), "3"));
            steps.refused(ResourceGoneException.class, () -> client.update().resource(late).execute());
        });
    }
}
