package koppeltaal;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * HAPI FHIR's clients and validator, unmodified, at work on a server. Prints a line of JSON for
 * each step and exits with 1 when one failed.
 *
 * <pre>
 * rest BASE (generic|annotation):(json|xml|any)...   with the access token in KOPPELTAAL_TOKEN
 * validate FOLDER... with FOLDER...         what is judged, and the definitions known besides R4
 * </pre>
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        List<String> said = Arrays.asList(arguments);
        int with = said.indexOf("with");
        if (with > 1 && said.get(0).equals("validate")) {
            boolean well = Judge.judge(paths(said.subList(1, with)), paths(said.subList(with + 1, said.size())));
            System.exit(well ? 0 : 1);
        }
        if (said.size() < 3 || !said.get(0).equals("rest")) {
            System.err.println("rest BASE MODE:ENCODING... or validate FOLDER... with FOLDER...");
            System.exit(2);
        }
        Server server = new Server(
                FhirContext.forR4(), said.get(1), System.getenv("KOPPELTAAL_TOKEN"));
        boolean well = true;
        for (String wanted : said.subList(2, said.size())) {
            well &= rest(server, wanted);
        }
        System.exit(well ? 0 : 1);
    }

    private static List<Path> paths(List<String> names) {
        return names.stream().map(Path::of).toList();
    }

    private static boolean rest(Server server, String wanted) {
        String[] parts = wanted.split(":");
        Steps steps = new Steps(wanted);
        EncodingEnum encoding = switch (parts[1]) {
            case "json" -> EncodingEnum.JSON;
            case "xml" -> EncodingEnum.XML;
            // As HAPI does it when nobody says anything: both are accepted alike.
            case "any" -> null;
            default -> throw new IllegalArgumentException(wanted);
        };
        switch (parts[0]) {
            case "generic" -> {
                IGenericClient client = server.generic(encoding);
                new Instances(server, encoding, new Ground(client, steps), steps).run();
                new Searches(client, new Ground(client, steps), steps).run();
                new Histories(client, new Ground(client, steps), steps).run();
                new Refusals(server, encoding, new Ground(client, steps), steps).run();
            }
            case "annotation" -> {
                Ground ground = new Ground(server.generic(encoding), steps);
                new Annotated(server.annotated(TaskClient.class, encoding), ground, steps).run();
            }
            default -> throw new IllegalArgumentException(wanted);
        }
        return steps.allWell();
    }
}
