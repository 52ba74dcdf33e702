package koppeltaal;

import static koppeltaal.Steps.same;
import static koppeltaal.Steps.that;

import ca.uhn.fhir.model.api.Include;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.SortOrderEnum;
import ca.uhn.fhir.rest.api.SortSpec;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.param.TokenParam;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.InstantType;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Task;

/** The life of tasks with a client of an annotated interface. */
final class Annotated {
    private final TaskClient client;
    private final Ground ground;
    private final Steps steps;
    private final InstantType began = new InstantType(new Date(System.currentTimeMillis() - 1_000));

    Annotated(TaskClient client, Ground ground, Steps steps) {
        this.client = client;
        this.ground = ground;
        this.steps = steps;
    }

    void run() {
        steps.check("@Metadata", () -> {
            var said = (CapabilityStatement) client.getServerConformanceStatement();
            that(said.getRestFirstRep().hasResource(), "types");
        });
        IdType patient = steps.get("@Create Patient", () -> id(client.create(ground.patient(0))));
        IdType task = steps.get("@Create Task", () -> {
            MethodOutcome outcome = client.create(ground.task(patient, 1));
            same("version", "1", outcome.getId().getVersionIdPart());
            return id(outcome);
        });
        if (task == null) {
            return;
        }
        steps.check("@Read", () -> {
            Task read = client.read(task);
            Task sent = ground.task(patient, 1);
            same("id", task.getIdPart(), read.getIdElement().getIdPart());
            same("description", sent.getDescription(), read.getDescription());
            that(read.getExtensionByUrl(Ground.INSTANTIATES) != null, "its extension");
        });
        steps.check("@Update with If-Match", () -> update(task));
        steps.check("@Read(version = true)", () -> {
            for (int version = 1; version <= 2; version++) {
                Task read = client.vread(task.withVersion(String.valueOf(version)));
                same("version", String.valueOf(version), read.getMeta().getVersionId());
            }
        });
        steps.check("@Search", () -> searches(patient, task));
        steps.check("@History", () -> histories(task, "W/\"2\"", "W/\"1\""));
        steps.check("@Create of what is not valid", () -> {
            Task bad = ground.task(patient, 3);
            bad.setOwner(null);
            var refusal = steps.refused(UnprocessableEntityException.class, () -> client.create(bad));
            var told = (OperationOutcome) refusal.getOperationOutcome();
            that(told.getIssue().stream().anyMatch(issue -> Refusals.names(issue, "Task")), "its place");
        });
        steps.check("@Delete", () -> {
            var told = (OperationOutcome) client.delete(task).getOperationOutcome();
            that(told != null && told.hasIssue(), "an OperationOutcome");
            steps.refused(ResourceGoneException.class, () -> client.read(task));
            same("found", List.of(), client.identified(identifier(1)));
        });
        steps.check("@History after the delete",
                () -> histories(task, "W/\"3\"", "W/\"2\"", "W/\"1\""));
    }

    private void update(IdType task) throws Exception {
        Task read = client.read(task);
        read.setStatus(Task.TaskStatus.INPROGRESS);
        // An id with a version is what makes HAPI send If-Match.
        MethodOutcome outcome = client.update(task.withVersion("1"), read);
        same("version", "2", outcome.getId().getVersionIdPart());
        same("status", Task.TaskStatus.INPROGRESS, client.read(task).getStatus());
        steps.refused(PreconditionFailedException.class,
                () -> client.update(task.withVersion("1"), read));
    }

    private void searches(IdType patient, IdType task) {
        same("by identifier", List.of(task.getIdPart()), ids(client.identified(identifier(1))));
        IdType second = id(client.create(ground.task(patient, 2)));
        var newest = new SortSpec("_lastUpdated", SortOrderEnum.DESC);
        var oldest = new SortSpec("_lastUpdated", SortOrderEnum.ASC);
        var of = new ReferenceParam("Patient", "", patient.getIdPart());
        same("newest", List.of(second.getIdPart(), task.getIdPart()), ids(client.ofPatient(of, newest, 10)));
        same("oldest", List.of(task.getIdPart()), ids(client.ofPatient(of, oldest, 1)));
        var chained = new ReferenceParam("identifier", ground.marker + "-0");
        same("chained", List.of(second.getIdPart(), task.getIdPart()),
                ids(client.ofPatient(chained, newest, 10)));
        Bundle found = client.withRelated(identifier(1), Set.of(new Include("Task:patient")));
        same("with its patient", List.of(task.getIdPart(), patient.getIdPart()), ids(
                found.getEntry().stream().map(Bundle.BundleEntryComponent::getResource).toList()));
    }

    private void histories(IdType task, String... etags) {
        Bundle ofTask = client.history(task);
        same("of the instance", List.of(etags), ofTask.getEntry().stream()
                .map(entry -> entry.getResponse().getEtag()).toList());
        Bundle ofType = client.history(began, 200);
        same("of the type", List.of(etags), ofType.getEntry().stream()
                .filter(entry -> entry.getFullUrl().endsWith(task.getIdPart()))
                .map(entry -> entry.getResponse().getEtag()).toList());
    }

    private TokenParam identifier(int number) {
        return new TokenParam(Ground.SYSTEM, ground.marker + "-task-" + number);
    }

    private static IdType id(MethodOutcome outcome) {
        return new IdType(outcome.getId().toUnqualifiedVersionless().getValue());
    }

    private static List<String> ids(List<? extends org.hl7.fhir.r4.model.Resource> resources) {
        return resources.stream().map(resource -> resource.getIdElement().getIdPart()).toList();
    }
}
