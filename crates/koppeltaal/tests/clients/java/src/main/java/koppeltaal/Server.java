package koppeltaal;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.IRestfulClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;

/** The server under test, and clients of it as HAPI makes them. */
record Server(FhirContext context, String base, String token) {
    private static final int MILLISECONDS = 30_000;

    Server {
        var factory = context.getRestfulClientFactory();
        // Before the first call of a context it reads the CapabilityStatement.
        factory.setServerValidationMode(ServerValidationModeEnum.ONCE);
        factory.setConnectTimeout(MILLISECONDS);
        factory.setSocketTimeout(MILLISECONDS);
        factory.setConnectionRequestTimeout(MILLISECONDS);
    }

    /** A client for all types. */
    IGenericClient generic(EncodingEnum encoding) {
        return configured(context.newRestfulGenericClient(base), encoding);
    }

    /** A client of an annotated interface. */
    <T extends IRestfulClient> T annotated(Class<T> type, EncodingEnum encoding) {
        return configured(context.newRestfulClient(type, base), encoding);
    }

    private <T extends IRestfulClient> T configured(T client, EncodingEnum encoding) {
        client.setEncoding(encoding);
        client.registerInterceptor(new BearerTokenAuthInterceptor(token));
        return client;
    }
}
