//! Koppeltaal 1.3 over HTTP, one file per verb: a mailbox for FHIR DSTU1
//! message bundles.

mod activity_definition;
mod answer;
mod app;
mod authenticate;
mod body;
mod browse;
mod call;
mod claim;
mod cors;
mod deliver;
mod device;
mod envelope;
mod feed;
mod hub;
mod jobs;
pub mod jsonapi;
mod key;
mod links;
mod metadata;
mod metrics;
mod negotiate;
mod post_message;
mod query;
mod read_message;
mod request_log;
mod routes;
mod set_status;
mod sso;
mod storage_item;
mod verb;

pub use app::{App, Parts, Settings};
pub use authenticate::{Credentials, authenticate, authenticate_with};
pub use call::{Call, Caller};
pub use hub::{Body as HubBody, HubSettings, handle_hub, is_hub_path, run_hub, stop_hub};
pub use jobs::{JobSettings, Jobs, RetentionReport, erase, run_retention};
pub use metrics::Metrics;
pub use request_log::{Keep, RequestLog};
pub use routes::{handle, is_kt1_path};
pub use sso::{SsoSettings, handle_sso, is_sso_path};
pub use storage_item::{opens as opens_storage, provider_url as storage_provider};
