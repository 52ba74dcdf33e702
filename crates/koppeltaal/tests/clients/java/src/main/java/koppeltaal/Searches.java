package koppeltaal;

import static koppeltaal.Steps.same;
import static koppeltaal.Steps.that;

import ca.uhn.fhir.model.api.Include;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SearchTotalModeEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.gclient.ICriterion;
import ca.uhn.fhir.rest.gclient.IQuery;
import ca.uhn.fhir.rest.gclient.ReferenceClientParam;
import ca.uhn.fhir.rest.gclient.StringClientParam;
import ca.uhn.fhir.rest.gclient.TokenClientParam;
import ca.uhn.fhir.rest.param.DateRangeParam;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseBundle;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Bundle.BundleEntryComponent;
import org.hl7.fhir.r4.model.Bundle.SearchEntryMode;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.Task;

/** Searches with the generic client, with more hits than a page holds. */
final class Searches {
    /** More than the default page of 20. */
    private static final int PATIENTS = 24;
    private final IGenericClient client;
    private final Ground ground;
    private final Steps steps;
    private final List<String> made = new ArrayList<>();
    private IIdType first;
    private IIdType task;

    Searches(IGenericClient client, Ground ground, Steps steps) {
        this.client = client;
        this.ground = ground;
        this.steps = steps;
    }

    void run() {
        steps.check("create patients to be found", () -> {
            for (int number = 1; number <= PATIENTS; number++) {
                IIdType id = client.create().resource(ground.patient(number)).execute().getId();
                made.add(id.getIdPart());
            }
            first = new IdType("Patient", made.get(0));
            task = client.create().resource(ground.task(first, 1)).execute().getId()
                    .toUnqualifiedVersionless();
        });
        if (task == null) {
            return;
        }
        parameters();
        pages();
        results();
        related();
    }

    private void parameters() {
        steps.check("search by identifier", () -> {
            Bundle found = patients(Patient.IDENTIFIER.exactly()
                    .systemAndIdentifier(Ground.SYSTEM, ground.marker + "-3")).execute();
            same("found", List.of(made.get(2)), ids(found));
            same("total", 1, found.getTotal());
            BundleEntryComponent entry = found.getEntryFirstRep();
            that(entry.getFullUrl().endsWith("/Patient/" + made.get(2)), entry.getFullUrl());
            same("mode", SearchEntryMode.MATCH, entry.getSearch().getMode());
            that(found.getLink(IBaseBundle.LINK_SELF) != null, "a self link");
        });
        steps.check("search by POST", () -> {
            Bundle found = patients(Patient.IDENTIFIER.exactly()
                    .systemAndIdentifier(Ground.SYSTEM, ground.marker + "-3"))
                    .usingStyle(SearchStyleEnum.POST).execute();
            same("found", List.of(made.get(2)), ids(found));
        });
        steps.check("search by one of several identifiers", () -> {
            Bundle found = patients(Patient.IDENTIFIER.exactly().systemAndValues(
                    Ground.SYSTEM, ground.marker + "-1", ground.marker + "-2", "nobody")).execute();
            same("found", 2, ids(found).size());
        });
        // Part of a name, other letters, no accents.
        hits("name", PATIENTS, Patient.NAME.matches().value(family("MULLER")));
        hits("name:exact", PATIENTS, Patient.FAMILY.matchesExactly().value(ground.family()));
        hits("name:exact is exact", 0, Patient.FAMILY.matchesExactly().value(family("muller")));
        hits("name:contains", PATIENTS, Patient.FAMILY.contains().value(ground.marker));
        steps.check("search by date with prefixes", () -> {
            Bundle found = mine().and(Patient.BIRTHDATE.afterOrEquals().day("1911-01-01"))
                    .and(Patient.BIRTHDATE.before().day("1914-01-01")).execute();
            same("found", new HashSet<>(made.subList(0, 3)), new HashSet<>(ids(found)));
            // A year; HAPI's own dates are days at least.
            found = mine().and(new StringClientParam("birthdate").matches().value("1911")).execute();
            same("found in the year", List.of(made.get(0)), ids(found));
        });
        steps.check("search by _lastUpdated", () -> {
            long now = System.currentTimeMillis();
            Bundle found = mine().lastUpdated(range(now - 3_600_000, now + 3_600_000)).execute();
            same("total", PATIENTS, found.getTotal());
            found = mine().lastUpdated(range(now + 3_600_000, now + 7_200_000)).execute();
            same("total of later", 0, found.getTotal());
        });
        hits("_id", 1, Patient.RES_ID.exactly().codes(made.get(5)));
        hits("gender and active", PATIENTS, Patient.GENDER.exactly().code("female"),
                Patient.ACTIVE.exactly().code("true"));
        hits("gender:not", 0, new TokenClientParam("gender:not").exactly().code("female"));
        hits("_profile", PATIENTS, new TokenClientParam("_profile").exactly()
                .code("http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient"));
        hits("birthdate:missing", 0, Patient.BIRTHDATE.isMissing(true));
    }

    private void pages() {
        for (int size : new int[] {7, 0}) {
            String what = size == 0 ? "pages as large as the server likes" : "pages of " + size;
            steps.check(what + ": nothing is lost or repeated while more comes", () -> {
                var query = mine();
                Bundle page = (size == 0 ? query : query.count(size)).execute();
                IIdType more = client.create().resource(ground.patient(60 + size)).execute().getId();
                Bundle last = page;
                List<String> seen = new ArrayList<>(ids(page));
                int pages = 1;
                while (page.getLink(IBaseBundle.LINK_NEXT) != null) {
                    same("total on each page", PATIENTS, page.getTotal());
                    page = client.loadPage().next(page).execute();
                    pages++;
                    that(pages < 10, "it ends");
                    seen.addAll(ids(page));
                    last = page;
                }
                same("pages", size == 0 ? 2 : 4, pages);
                seen.remove(more.getIdPart());
                same("how many", PATIENTS, seen.size());
                same("who", new HashSet<>(made), new HashSet<>(seen));
                Bundle before = client.loadPage().previous(last).execute();
                that(!ids(before).isEmpty() && !ids(before).equals(ids(last)), "a page before");
                client.delete().resourceById(more.toUnqualifiedVersionless()).execute();
            });
        }
    }

    private void results() {
        steps.check("_sort and _count", () -> {
            Bundle up = mine().sort().ascending(Patient.BIRTHDATE).count(200).execute();
            same("ascending", made, ids(up));
            Bundle down = mine().sort().descending(Patient.BIRTHDATE)
                    .sort().ascending(Patient.IDENTIFIER).count(3).execute();
            same("descending", List.of(made.get(23), made.get(22), made.get(21)), ids(down));
            same("total", PATIENTS, down.getTotal());
        });
        steps.check("the newest comes first", () -> {
            Bundle found = mine().count(1).execute();
            same("first", made.get(PATIENTS - 1), ids(found).get(0));
        });
        steps.check("_summary=count", () -> {
            Bundle found = mine().summaryMode(SummaryEnum.COUNT).execute();
            same("total", PATIENTS, found.getTotal());
            that(!found.hasEntry(), "no entries");
        });
        steps.check("_summary=true", () -> {
            Bundle found = mine().summaryMode(SummaryEnum.TRUE).count(1).execute();
            Patient patient = (Patient) found.getEntryFirstRep().getResource();
            that(patient.hasBirthDate() && !patient.hasText(), "what stands in a summary");
            that(patient.getMeta().getTag().stream().anyMatch(tag -> tag.getCode().equals("SUBSETTED")),
                    "it says SUBSETTED");
        });
        steps.check("_elements", () -> {
            Bundle found = mine().elementsSubset("identifier").count(1).execute();
            Patient patient = (Patient) found.getEntryFirstRep().getResource();
            that(patient.hasIdentifier() && !patient.hasBirthDate() && !patient.hasName(), "only those");
        });
        steps.check("_total", () -> {
            Bundle found = mine().totalMode(SearchTotalModeEnum.ACCURATE).count(1).execute();
            same("total", PATIENTS, found.getTotal());
        });
        steps.check("a search without hits", () -> {
            Bundle found = patients(Patient.FAMILY.matches().value("nobody-" + ground.marker)).execute();
            same("total", 0, found.getTotal());
            that(found.hasTotal() && !found.hasEntry(), "an empty Bundle with its total");
        });
    }

    private void related() {
        steps.check("_include", () -> {
            Bundle found = tasks(Task.IDENTIFIER.exactly().identifier(ground.marker + "-task-1"))
                    .include(Task.INCLUDE_PATIENT).include(Task.INCLUDE_OWNER).execute();
            same("total", 1, found.getTotal());
            same("match", List.of(task.getIdPart()), ids(found, SearchEntryMode.MATCH));
            same("included", new HashSet<>(List.of(first.getIdPart(), ground.practitioner.getIdPart())),
                    new HashSet<>(ids(found, SearchEntryMode.INCLUDE)));
        });
        steps.check("_revinclude", () -> {
            Bundle found = patients(Patient.RES_ID.exactly().code(first.getIdPart()))
                    .revInclude(new Include("Task:patient")).execute();
            same("match", List.of(first.getIdPart()), ids(found, SearchEntryMode.MATCH));
            same("included", List.of(task.getIdPart()), ids(found, SearchEntryMode.INCLUDE));
        });
        steps.check("reference parameters", () -> {
            same("patient", 1, tasks(Task.PATIENT.hasId(first)).execute().getTotal());
            same("owner", 1, tasks(Task.OWNER.hasId(ground.practitioner)).execute().getTotal());
            same("owner by the bare id", 1, tasks(Task.OWNER.hasId(ground.practitioner.getIdPart()))
                    .and(Task.STATUS.exactly().code("requested")).execute().getTotal());
        });
        steps.check("chains", () -> {
            var byPatient = Task.PATIENT.hasChainedProperty(Patient.IDENTIFIER.exactly()
                    .systemAndIdentifier(Ground.SYSTEM, ground.marker + "-1"));
            same("patient.identifier", List.of(task.getIdPart()), ids(tasks(byPatient).execute()));
            var byPublisher = new ReferenceClientParam("instantiates")
                    .hasChainedProperty(new TokenClientParam("publisherId").exactly().code(ground.marker));
            same("instantiates.publisherId", List.of(task.getIdPart()), ids(tasks(byPublisher).execute()));
        });
        steps.check("_has", () -> {
            Bundle found = patients(new TokenClientParam("_has:Task:patient:identifier").exactly()
                    .identifier(ground.marker + "-task-1")).execute();
            same("found", List.of(first.getIdPart()), ids(found));
        });
    }

    private void hits(String what, int expected, ICriterion<?>... criteria) {
        steps.check("search by " + what, () -> {
            var query = mine();
            for (ICriterion<?> criterion : criteria) {
                query = query.and(criterion);
            }
            same("total", expected, query.execute().getTotal());
        });
    }

    /** The patients that were made to be found. */
    private IQuery<Bundle> mine() {
        return patients(Patient.FAMILY.matches().value(ground.family()));
    }

    private IQuery<Bundle> patients(ICriterion<?> criterion) {
        return client.search().forResource(Patient.class).where(criterion).returnBundle(Bundle.class);
    }

    private IQuery<Bundle> tasks(ICriterion<?> criterion) {
        return client.search().forResource(Task.class).where(criterion).returnBundle(Bundle.class);
    }

    private String family(String first) {
        return first + " " + ground.marker;
    }

    private static DateRangeParam range(long from, long to) {
        return new DateRangeParam(new Date(from), new Date(to));
    }

    private static List<String> ids(Bundle bundle) {
        return bundle.getEntry().stream().map(BundleEntryComponent::getResource)
                .map(Resource::getIdPart).toList();
    }

    private static List<String> ids(Bundle bundle, SearchEntryMode mode) {
        return bundle.getEntry().stream().filter(entry -> entry.getSearch().getMode() == mode)
                .map(entry -> entry.getResource().getIdPart()).toList();
    }
}
