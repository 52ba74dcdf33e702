//! Which messages are claimed or browsed.

use reqwest::Url;

/// Conditions on messages; the default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only about this patient.
    pub patient: Option<String>,
    /// Only of this event.
    pub event: Option<String>,
    /// Only in this status (browsing; a claim is always of New).
    pub status: Option<String>,
    /// Also those whose body was removed (browsing).
    pub include_expired: bool,
    /// How many a page holds (browsing); the server decides when absent.
    pub count: Option<u32>,
}

impl Filter {
    /// Messages of one event.
    pub fn event(event: impl Into<String>) -> Filter {
        Filter { event: Some(event.into()), ..Filter::default() }
    }

    /// Messages about one patient.
    pub fn patient(url: impl Into<String>) -> Filter {
        Filter { patient: Some(url.into()), ..Filter::default() }
    }

    pub(super) fn for_claim(&self, mut url: Url) -> Url {
        url.query_pairs_mut()
            .append_pair("_query", "MessageHeader.GetNextNewAndClaim")
            .extend_pairs(self.shared());
        url
    }

    pub(super) fn for_browse(&self, mut url: Url) -> Url {
        let status = self.status.as_deref().map(|status| ("ProcessingStatus", status.to_owned()));
        let count = self.count.map(|count| ("_count", count.to_string()));
        let expired = self.include_expired.then(|| ("include-expired", "yes".to_owned()));
        url.query_pairs_mut()
            .append_pair("_summary", "true")
            .extend_pairs(self.shared())
            .extend_pairs([status, count, expired].into_iter().flatten());
        url
    }

    fn shared(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let patient = self.patient.as_deref().map(|patient| ("Patient", patient));
        let event = self.event.as_deref().map(|event| ("event", event));
        [patient, event].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://h/x").unwrap()
    }

    #[test]
    fn a_claim_names_its_query_and_leaves_the_status_out() {
        let filter =
            Filter { status: Some("New".into()), ..Filter::event("CreateOrUpdatePatient") };
        assert_eq!(
            filter.for_claim(url()).query(),
            Some("_query=MessageHeader.GetNextNewAndClaim&event=CreateOrUpdatePatient")
        );
    }

    #[test]
    fn browsing_has_all_conditions() {
        let filter = Filter {
            patient: Some("https://a/Patient/1".into()),
            status: Some("Failed".into()),
            count: Some(5),
            include_expired: true,
            ..Filter::default()
        };
        assert_eq!(
            filter.for_browse(url()).query(),
            Some(
                "_summary=true&Patient=https%3A%2F%2Fa%2FPatient%2F1&ProcessingStatus=Failed&_count=5&include-expired=yes"
            )
        );
    }
}
