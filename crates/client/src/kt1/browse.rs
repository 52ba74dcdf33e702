//! Going through the headers of one's own mailbox, page by page.

use std::collections::VecDeque;

use futures_util::Stream;
use futures_util::stream::try_unfold;
use koppeltaal_fhir::dstu1::Bundle;
use reqwest::Url;

use super::connector::Connector;
use super::error::{Error, Result};
use super::filter::Filter;
use super::header::Header;
use super::transport::expect_bundle;

/// Headers that are being browsed, oldest first; the next page is fetched when it is needed.
#[derive(Debug)]
pub struct Browse {
    connector: Connector,
    next: Option<Url>,
    page: VecDeque<Header>,
}

impl Connector {
    /// Browses the headers of the mailbox. No status changes.
    pub fn browse(&self, filter: &Filter) -> Browse {
        let first = filter.for_browse(self.url("MessageHeader/_search"));
        Browse { connector: self.clone(), next: Some(first), page: VecDeque::new() }
    }
}

impl Browse {
    /// The next header; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Header>> {
        loop {
            if let Some(header) = self.page.pop_front() {
                return Ok(Some(header));
            }
            match self.next_page().await? {
                Some(page) => self.page = page.into(),
                None => return Ok(None),
            }
        }
    }

    /// The next page as the server cuts them; `None` after the last.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Header>>> {
        let Some(url) = self.next.take() else {
            return Ok(None);
        };
        let answer = self.connector.get(url).await?;
        let status = answer.status;
        let bundle = expect_bundle(answer)?;
        self.next = self.link_to_next(&bundle);
        let headers = bundle.entry.iter().map(|entry| {
            Header::of_entry(entry)
                .ok_or_else(|| Error::unexpected(status, "an entry is no MessageHeader with a URL"))
        });
        headers.collect::<Result<Vec<_>>>().map(Some)
    }

    /// All headers that are left.
    pub async fn collect(mut self) -> Result<Vec<Header>> {
        let mut all = Vec::new();
        while let Some(header) = self.next().await? {
            all.push(header);
        }
        Ok(all)
    }

    /// The headers as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Header>> {
        try_unfold(self, |mut browse| async move {
            Ok(browse.next().await?.map(|header| (header, browse)))
        })
    }

    /// Of the link only the query counts: credentials go nowhere but to the configured server.
    fn link_to_next(&self, bundle: &Bundle) -> Option<Url> {
        let link = bundle.link.iter().find(|link| link.rel == "next")?;
        let (_, query) = link.href.split_once('?')?;
        let mut url = self.connector.url("MessageHeader/_search");
        url.set_query(Some(query));
        Some(url)
    }
}
