//! The ids that connect requests: request, correlation, trace (Koppeltaal 2.0,
//! topic 009; headers `X-Request-Id`, `X-Correlation-Id`, `X-Trace-Id`).

/// The ids of one request, for its answer, its AuditEvents and the
/// notifications that follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// This request: the caller's id, or a new one.
    pub request_id: String,
    /// The request that this one follows from, as its caller says.
    pub correlation_id: Option<String>,
    /// The chain of requests: the caller's, or a new one that begins here.
    pub trace_id: String,
}

impl Trace {
    /// The ids of a request with these headers. What is missing or no FHIR id
    /// is replaced by an id of `fresh`; a correlation id is then left out.
    pub fn of(
        request_id: Option<&str>,
        correlation_id: Option<&str>,
        trace_id: Option<&str>,
        fresh: &mut dyn FnMut() -> String,
    ) -> Self {
        let taken = |sent: Option<&str>| sent.filter(|id| is_fhir_id(id)).map(str::to_owned);
        Self {
            request_id: taken(request_id).unwrap_or_else(&mut *fresh),
            correlation_id: taken(correlation_id),
            trace_id: taken(trace_id).unwrap_or_else(fresh),
        }
    }

    /// The request id that the caller sent, when it was replaced: the answer
    /// names it in `X-Correlation-Id`. It may hold any characters.
    pub fn replaced<'a>(&self, sent: Option<&'a str>) -> Option<&'a str> {
        sent.filter(|sent| !sent.is_empty() && *sent != self.request_id)
    }
}

/// Whether a text is a FHIR id: 1 to 64 ASCII letters, digits, `.` and `-`.
pub fn is_fhir_id(text: &str) -> bool {
    let of_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(of_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(request: Option<&str>, correlation: Option<&str>, trace: Option<&str>) -> Trace {
        let mut count = 0;
        Trace::of(request, correlation, trace, &mut || {
            count += 1;
            format!("new-{count}")
        })
    }

    fn trace(request_id: &str, correlation_id: Option<&str>, trace_id: &str) -> Trace {
        let correlation_id = correlation_id.map(str::to_owned);
        Trace { request_id: request_id.to_owned(), correlation_id, trace_id: trace_id.to_owned() }
    }

    #[test]
    fn a_request_without_ids_gets_new_ones_and_follows_from_nothing() {
        assert_eq!(of(None, None, None), trace("new-1", None, "new-2"));
    }

    #[test]
    fn the_ids_of_the_caller_are_kept() {
        let kept = of(Some("r.1"), Some("c-1"), Some("T1"));
        assert_eq!(kept, trace("r.1", Some("c-1"), "T1"));
        assert_eq!(kept.replaced(Some("r.1")), None);
        assert_eq!(of(Some("r"), None, None), trace("r", None, "new-1"));
    }

    #[test]
    fn what_is_no_fhir_id_is_replaced_and_the_answer_can_say_what_it_was() {
        let replaced = of(Some("a b"), Some("c\r\nd"), Some(""));
        assert_eq!(replaced, trace("new-1", None, "new-2"));
        assert_eq!(replaced.replaced(Some("a b")), Some("a b"));
        assert_eq!(replaced.replaced(Some("")), None);
        assert_eq!(replaced.replaced(None), None);
    }

    #[test]
    fn a_fhir_id_has_1_to_64_of_the_permitted_characters() {
        for id in ["a", "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01", ".", &"x".repeat(64)] {
            assert!(is_fhir_id(id), "{id}");
        }
        for text in ["", "a/b", "a_b", "a b", "é", "a\n", "urn:uuid:1", &"x".repeat(65)] {
            assert!(!is_fhir_id(text), "{text}");
        }
    }
}
