package koppeltaal;

import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** What is done, step by step: each prints one line of JSON, and a failure stops no other step. */
final class Steps {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final String mode;
    private boolean well = true;

    /** A step; what it gives is needed by later ones. */
    interface Work<T> {
        T run() throws Exception;
    }

    /** A step that gives nothing. */
    interface Check {
        void run() throws Exception;
    }

    Steps(String mode) {
        this.mode = mode;
    }

    boolean allWell() {
        return well;
    }

    /** Does a step. Null when it failed. */
    <T> T get(String step, Work<T> work) {
        try {
            T made = work.run();
            tell(step, true, "");
            return made;
        } catch (Exception | AssertionError failure) {
            tell(step, false, described(failure));
            return null;
        }
    }

    /** Does a step. */
    void check(String step, Check check) {
        get(step, () -> {
            check.run();
            return true;
        });
    }

    /** What the step is to be refused with. */
    <E extends BaseServerResponseException> E refused(Class<E> with, Check check) throws Exception {
        try {
            check.run();
        } catch (BaseServerResponseException refusal) {
            if (with.isInstance(refusal)) {
                return with.cast(refusal);
            }
            throw refusal;
        }
        throw new AssertionError("not refused, but " + with.getSimpleName() + " was expected");
    }

    void tell(String step, boolean ok, String detail) {
        well &= ok;
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", mode + " " + step);
        line.put("ok", ok);
        line.put("detail", detail);
        try {
            System.out.println(JSON.writeValueAsString(line));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static void same(String what, Object expected, Object found) {
        that(Objects.equals(expected, found), what + ": " + found + " instead of " + expected);
    }

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static String described(Throwable failure) {
        StringBuilder text = new StringBuilder(failure.toString());
        if (failure instanceof BaseServerResponseException answer) {
            text.append(" | ").append(answer.getStatusCode()).append(' ')
                    .append(answer.getResponseBody());
        }
        for (StackTraceElement at : failure.getStackTrace()) {
            if (at.getClassName().startsWith("koppeltaal.") && !at.getClassName().endsWith("Steps")) {
                text.append(" | at ").append(at);
                break;
            }
        }
        return text.toString();
    }
}
