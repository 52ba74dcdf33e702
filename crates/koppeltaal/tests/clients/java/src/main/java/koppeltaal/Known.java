package koppeltaal;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.ValueSet;

/**
 * What the validator knows beyond R4: the definitions in folders. Where they lack a profile of
 * Koppeltaal, that says no more than the type it is a profile of.
 */
final class Known extends PrePopulatedValidationSupport {
    private static final String PROFILE = "http://koppeltaal.nl/fhir/StructureDefinition/KT2";
    private static final String R4 = "http://hl7.org/fhir/StructureDefinition/";
    private final DefaultProfileValidationSupport standard;

    Known(FhirContext context, DefaultProfileValidationSupport standard, List<Path> folders) {
        super(context);
        this.standard = standard;
        files(folders, "json").forEach(this::add);
    }

    /** The files of folders with one of these extensions, in order. */
    static List<Path> files(List<Path> folders, String extensions) {
        List<Path> found = new ArrayList<>();
        for (Path folder : folders) {
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().matches(".*\\.(" + extensions + ")"))
                        .sorted().forEach(found::add);
            } catch (IOException unreadable) {
                throw new IllegalArgumentException(unreadable);
            }
        }
        return found;
    }

    @Override
    public IBaseResource fetchStructureDefinition(String url) {
        IBaseResource found = super.fetchStructureDefinition(url);
        if (found != null || !url.startsWith(PROFILE)) {
            return found;
        }
        var type = (StructureDefinition) standard.fetchStructureDefinition(R4 + url.substring(PROFILE.length()));
        return type == null ? null : type.copy().setUrl(url);
    }

    private void add(Path file) {
        IBaseResource resource;
        try {
            resource = getFhirContext().newJsonParser().parseResource(Files.readString(file));
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(unreadable);
        }
        if (resource instanceof StructureDefinition definition) {
            repair(definition);
        }
        if (resource instanceof StructureDefinition || resource instanceof ValueSet
                || resource instanceof CodeSystem) {
            addResource(resource);
        }
    }

    /** The published snapshots have slices without a slicing, and one a target without a version. */
    private static void repair(StructureDefinition definition) {
        if (definition.hasDifferential()) {
            definition.setSnapshot(null);
        }
        for (var element : definition.getDifferential().getElement()) {
            for (var type : element.getType()) {
                for (var target : type.getTargetProfile()) {
                    target.setValue(target.getValue().replace("|*", ""));
                }
            }
        }
    }
}
