//! What the link of a page carries: the search as it was asked, where the page
//! begins, and what was counted and seen before.

use koppeltaal_core::Timestamp;
use koppeltaal_store::resource::search::Cursor;
use serde::{Deserialize, Serialize};

use super::Next;
use super::moves::Moves;
use crate::bundle::url;
use crate::call::Call;
use crate::outcome::Refusal;
use crate::page_link::{self, Bound, PARAMETER, SHOWN};
use crate::query::Query;

/// Pages that can be gone back to one after the other.
const MOST_EARLIER: usize = 10;

/// The link of a page that is not the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageLink {
    /// The search.
    #[serde(rename = "q")]
    pub query: Vec<(String, String)>,
    /// The number of the page; the first is 1.
    #[serde(rename = "p")]
    pub page: u32,
    /// Where it begins.
    #[serde(rename = "a")]
    pub after: Option<Cursor>,
    /// Where pages before it begin, the nearest last.
    #[serde(rename = "e")]
    earlier: Vec<Option<Cursor>>,
    /// How many results all pages have, counted with the first.
    #[serde(rename = "t")]
    pub total: i64,
    /// When the first page was asked for, in microseconds.
    #[serde(rename = "n")]
    began: i64,
    /// What has changed since.
    #[serde(rename = "m")]
    pub moves: Option<Moves>,
}

impl PageLink {
    /// When the first page was asked for.
    pub fn began(&self) -> Timestamp {
        Timestamp(self.began)
    }

    /// The link of the page after this one; without a link that was the first.
    pub fn next(
        this: Option<&Self>,
        now: Timestamp,
        query: &Query,
        total: i64,
        next: &Next,
    ) -> Self {
        let mut earlier = this.map(|this| this.earlier.clone()).unwrap_or_default();
        if let Some(this) = this {
            earlier.push(this.after.clone());
        }
        if earlier.len() > MOST_EARLIER {
            earlier.remove(0);
        }
        Self {
            query: query.used.clone(),
            page: this.map_or(2, |this| this.page.saturating_add(1)),
            after: next.after.clone(),
            earlier,
            total,
            began: this.map_or(now, Self::began).0,
            moves: next.moves.clone(),
        }
    }

    /// The link of the page before this one, as far as it is remembered.
    pub fn previous(&self) -> Option<Self> {
        let mut link = self.clone();
        link.after = link.earlier.pop()?;
        link.page = self.page.checked_sub(1)?;
        Some(link)
    }

    /// The URL; `None` when it would be too long.
    pub fn url(
        &self,
        call: &Call,
        resource_type: &str,
        used: &[(String, String)],
    ) -> Option<String> {
        let place = place(resource_type);
        let bound = Bound::to(call, &place);
        // Going back is a convenience, and a result that is given twice does no harm.
        let short = || Self { earlier: Vec::new(), ..self.clone() };
        let shorter = || Self { moves: self.moves.clone().map(Moves::forgetful), ..short() };
        let text = page_link::seal(&bound, self)
            .or_else(|| page_link::seal(&bound, &short()))
            .or_else(|| page_link::seal(&bound, &shorter()))?;
        let pairs = [(PARAMETER, text.as_str())].into_iter().chain(page_link::shown(used));
        let url = url(&format!("{}/{resource_type}", call.base), pairs);
        (url.len() <= MOST_URL).then_some(url)
    }
}

/// Longest URL that every client and proxy takes.
const MOST_URL: usize = 8_000;

/// The link of the page that is asked for; `None` for a first page.
pub fn open(
    call: &Call,
    resource_type: &str,
    pairs: &[(String, String)],
) -> Result<Option<PageLink>, Refusal> {
    let Some((_, text)) = pairs.iter().find(|(name, _)| name == PARAMETER) else {
        return Ok(None);
    };
    let place = place(resource_type);
    let link: PageLink = page_link::open(&Bound::to(call, &place), text)?;
    // Some clients repeat parameters of the search behind its links.
    let is_said = |pair: &(String, String)| {
        pair == &(PARAMETER.to_owned(), text.clone())
            || SHOWN.contains(&pair.0.as_str())
            || link.query.contains(pair)
    };
    match pairs.iter().find(|pair| !is_said(pair)) {
        None => Ok(Some(link)),
        Some(_) => Err(Refusal::bad_request(
            "invalid",
            "A page link is used as it is, without other parameters.",
        )),
    }
}

/// The URL of the first page: the search itself.
pub fn first_url(call: &Call, resource_type: &str, used: &[(String, String)]) -> String {
    url_of(call, resource_type, used)
}

/// The URL of a search with these parameters.
pub fn url_of(call: &Call, resource_type: &str, pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    url(&format!("{}/{resource_type}", call.base), pairs)
}

/// What is told when a search does not fit into the link of its next page.
pub fn too_long() -> Refusal {
    Refusal::bad_request(
        "too-costly",
        "The parameters are too long for a search with more than one page: ask for less at once, \
         or raise `_count` (at most 200).",
    )
}

fn place(resource_type: &str) -> String {
    format!("search/{resource_type}")
}
