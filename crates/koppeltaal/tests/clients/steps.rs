//! The steps that a client took: each is one line of JSON on its standard output.

use serde_json::Value;

use crate::run::Ended;

/// What a client reports.
pub struct Steps(Vec<Step>);

struct Step {
    name: String,
    ok: bool,
    detail: String,
}

impl Steps {
    /// The steps of a program that has ended. What else it printed does not count.
    #[track_caller]
    pub fn of(ended: &Ended) -> Self {
        let steps = ended.out.lines().filter_map(|line| {
            let said: Value = serde_json::from_str(line).ok()?;
            let text = |name: &str| said[name].as_str().map(str::to_owned);
            Some(Step { name: text("step")?, ok: said["ok"].as_bool()?, detail: text("detail")? })
        });
        let steps = Self(steps.collect());
        assert!(
            ended.well == steps.failed().is_empty(),
            "it ended in another way than its steps: {:#?}\n{}\n{}",
            steps.failed(),
            ended.out,
            ended.err
        );
        steps
    }

    /// All went well, and there were at least so many of those that begin so.
    #[track_caller]
    pub fn all_well(&self, of: &str, at_least: usize) {
        let failed = self.failed();
        assert!(
            failed.is_empty(),
            "{} of {} failed:\n{}",
            failed.len(),
            self.0.len(),
            failed.join("\n")
        );
        let taken = self.0.iter().filter(|step| step.name.starts_with(of)).count();
        assert!(taken >= at_least, "{of}: {taken} steps, {at_least} were expected");
    }

    /// The steps that failed, and why.
    pub fn failed(&self) -> Vec<String> {
        let failed = self.0.iter().filter(|step| !step.ok);
        failed.map(|step| format!("{}: {}", step.name, step.detail)).collect()
    }
}
