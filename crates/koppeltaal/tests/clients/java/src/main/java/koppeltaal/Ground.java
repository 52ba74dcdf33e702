package koppeltaal;

import ca.uhn.fhir.model.primitive.IdDt;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import java.util.UUID;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.ActivityDefinition;
import org.hl7.fhir.r4.model.CodeType;
import org.hl7.fhir.r4.model.ContactPoint;
import org.hl7.fhir.r4.model.DateType;
import org.hl7.fhir.r4.model.DomainResource;
import org.hl7.fhir.r4.model.Endpoint;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.Enumerations.PublicationStatus;
import org.hl7.fhir.r4.model.HumanName;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Narrative;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Practitioner;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.StringType;
import org.hl7.fhir.r4.model.Task;

/**
 * Resources that are valid under the profiles of Koppeltaal 2.0, and those that others refer to,
 * on the server. Everything of one ground carries its marker, so that runs do not meet.
 */
final class Ground {
    static final String SYSTEM = "https://client.example/ids";
    static final String ORIGIN = "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin";
    static final String INSTANTIATES = "http://vzvz.nl/fhir/StructureDefinition/instantiates";
    private static final String PROFILES = "http://koppeltaal.nl/fhir/StructureDefinition/";

    final String marker = "m" + UUID.randomUUID().toString().substring(0, 8);
    final IIdType practitioner;
    final IIdType endpoint;
    final IIdType activity;

    Ground(IGenericClient client, Steps steps) {
        practitioner = created(client, steps, "Practitioner", practitioner());
        endpoint = created(client, steps, "Endpoint", endpoint());
        activity = created(client, steps, "ActivityDefinition", activity());
    }

    /** Creates a resource; its id without a version, of nothing when that failed. */
    static IIdType created(IGenericClient client, Steps steps, String what, Resource resource) {
        IIdType id = steps.get("create " + what, () -> {
            var outcome = client.create().resource(resource).execute();
            Steps.that(outcome.getCreated(), "it says 201");
            return outcome.getId().toUnqualifiedVersionless();
        });
        return id == null ? new IdDt(what, "nothing") : id;
    }

    /** A patient of this ground; numbers make them differ in identifier and birth date. */
    Patient patient(int number) {
        Patient patient = profiled(new Patient(), "KT2Patient");
        patient.getText().setStatus(Narrative.NarrativeStatus.GENERATED);
        patient.getText().setDivAsString("<div>M\u00fcller &amp; <b>zonen</b> &lt;1&gt;</div>");
        patient.addIdentifier().setSystem(SYSTEM).setValue(marker + "-" + number);
        patient.setActive(true);
        official(patient.addName(), family(), "Zo\u00eb");
        patient.addName().setUse(HumanName.NameUse.USUAL).addGiven("Z\u00f6");
        patient.setGender(AdministrativeGender.FEMALE);
        patient.setBirthDateElement(new DateType("19%02d-0%d-17".formatted(number % 90 + 10, number % 9 + 1)));
        return patient;
    }

    /** The family name of the patients of this ground. */
    String family() {
        return "M\u00fcller " + marker;
    }

    /** A task for a patient, owned by the practitioner. */
    Task task(IIdType patient, int number) {
        Task task = profiled(new Task(), "KT2Task");
        task.addIdentifier().setSystem(SYSTEM).setValue(marker + "-task-" + number);
        task.addExtension(INSTANTIATES, new Reference(activity.getValue()));
        task.setStatus(Task.TaskStatus.REQUESTED);
        task.setIntent(Task.TaskIntent.ORDER);
        task.setPriority(Task.TaskPriority.ROUTINE);
        task.setDescription("5 < 6 & \"7\" > '6' \u20ac \ud83d\ude00");
        task.setFor(new Reference(patient.getValue()));
        task.setOwner(new Reference(practitioner.getValue()));
        return task;
    }

    private Practitioner practitioner() {
        Practitioner practitioner = profiled(new Practitioner(), "KT2Practitioner");
        practitioner.addIdentifier().setSystem(SYSTEM).setValue(marker + "-practitioner");
        practitioner.setActive(true);
        official(practitioner.addName(), "Visser", "Hendrik");
        practitioner.addTelecom().setSystem(ContactPoint.ContactPointSystem.EMAIL)
                .setUse(ContactPoint.ContactPointUse.WORK).setValue(marker + "@client.example");
        return practitioner;
    }

    private Endpoint endpoint() {
        Endpoint endpoint = profiled(new Endpoint(), "KT2Endpoint");
        endpoint.setStatus(Endpoint.EndpointStatus.ACTIVE);
        endpoint.getConnectionType().setCode("hti-smart-on-fhir")
                .setSystem("http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type");
        endpoint.addPayloadType().addCoding().setCode("any")
                .setSystem("http://terminology.hl7.org/CodeSystem/endpoint-payload-type");
        endpoint.setAddress("https://client.example/launch/" + marker);
        return endpoint;
    }

    private ActivityDefinition activity() {
        ActivityDefinition activity = profiled(new ActivityDefinition(), "KT2ActivityDefinition");
        activity.addExtension(PROFILES + "KT2EndpointExtension", new Reference(endpoint.getValue()));
        activity.addExtension(PROFILES + "KT2PublisherId", new IdType(marker));
        activity.setUrl("https://client.example/ActivityDefinition/" + marker);
        activity.setStatus(PublicationStatus.ACTIVE);
        activity.setTitle("Beter slapen");
        return activity;
    }

    private static void official(HumanName name, String family, String given) {
        name.setUse(HumanName.NameUse.OFFICIAL).setFamily(family).addGiven(given);
        name.getFamilyElement().addExtension(
                "http://hl7.org/fhir/StructureDefinition/humanname-own-name", new StringType(family));
        name.getGiven().get(0).addExtension(
                "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier", new CodeType("BR"));
    }

    private static <R extends DomainResource> R profiled(R resource, String profile) {
        resource.getMeta().addProfile(PROFILES + profile);
        return resource;
    }
}
