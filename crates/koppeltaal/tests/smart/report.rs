//! What the driver of the browser saw (`launch.mjs`).

use serde_json::Value;

use crate::world::text;

/// The report.
pub struct Report(pub Value);

impl Report {
    /// What the module showed in the end: what it has got, or an error.
    #[track_caller]
    pub fn shown(&self) -> &Value {
        let shown = &self.0["last"]["shown"];
        assert!(shown.is_object(), "the module showed nothing: {:#}", self.0["last"]);
        shown
    }

    /// The error that the module showed in the end.
    #[track_caller]
    pub fn error(&self) -> String {
        text(&self.shown()["error"])
    }

    /// The pages that the browser went through, without their queries.
    pub fn visited(&self) -> Vec<String> {
        let visited = self.0["visited"].as_array().unwrap();
        let path = |page: &Value| text(&page["url"]).split('?').next().unwrap().to_owned();
        visited.iter().map(path).collect()
    }

    /// The cookies that the server set, as it wrote them.
    pub fn set_cookies(&self) -> Vec<String> {
        let cookies = self.0["set_cookies"].as_array().unwrap();
        cookies.iter().map(|cookie| text(&cookie["value"])).collect()
    }
}
