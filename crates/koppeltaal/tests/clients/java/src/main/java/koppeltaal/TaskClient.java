package koppeltaal;

import ca.uhn.fhir.model.api.Include;
import ca.uhn.fhir.rest.annotation.Count;
import ca.uhn.fhir.rest.annotation.Create;
import ca.uhn.fhir.rest.annotation.Delete;
import ca.uhn.fhir.rest.annotation.History;
import ca.uhn.fhir.rest.annotation.IdParam;
import ca.uhn.fhir.rest.annotation.IncludeParam;
import ca.uhn.fhir.rest.annotation.Read;
import ca.uhn.fhir.rest.annotation.RequiredParam;
import ca.uhn.fhir.rest.annotation.ResourceParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.annotation.Since;
import ca.uhn.fhir.rest.annotation.Sort;
import ca.uhn.fhir.rest.annotation.Update;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.SortSpec;
import ca.uhn.fhir.rest.client.api.IBasicClient;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.param.TokenParam;
import java.util.List;
import java.util.Set;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.InstantType;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Task;

/** An annotated interface, of which HAPI makes a client. */
public interface TaskClient extends IBasicClient {
    @Create
    MethodOutcome create(@ResourceParam Task task);

    @Create
    MethodOutcome create(@ResourceParam Patient patient);

    @Read
    Task read(@IdParam IdType id);

    @Read(version = true)
    Task vread(@IdParam IdType id);

    @Update
    MethodOutcome update(@IdParam IdType id, @ResourceParam Task task);

    @Delete(type = Task.class)
    MethodOutcome delete(@IdParam IdType id);

    @Search
    List<Task> identified(@RequiredParam(name = Task.SP_IDENTIFIER) TokenParam identifier);

    @Search
    List<Task> ofPatient(
            @RequiredParam(name = Task.SP_PATIENT, chainWhitelist = {"", "identifier"}) ReferenceParam patient,
            @Sort SortSpec sort, @Count Integer count);

    @Search(type = Task.class)
    Bundle withRelated(@RequiredParam(name = Task.SP_IDENTIFIER) TokenParam identifier,
            @IncludeParam Set<Include> include);

    @History(type = Task.class)
    Bundle history(@IdParam IdType id);

    @History(type = Task.class)
    Bundle history(@Since InstantType since, @Count Integer count);
}
