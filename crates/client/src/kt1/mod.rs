//! Koppeltaal 1.3 from the side of an application: send messages, claim and process one's own,
//! browse the mailbox, publish ActivityDefinitions.
//!
//! ```no_run
//! use koppeltaal_client::kt1::{Connector, Filter, Integration, Outcome, Resource, resource};
//!
//! # async fn example() -> Result<(), koppeltaal_client::kt1::Error> {
//! let integration = Integration::new("Portal", "https://portal.example/fhir");
//! let portal = Connector::new("https://koppeltaal.example", "portal@demo", "secret", "demo", integration)?;
//!
//! let url = "https://portal.example/fhir/Patient/1";
//! let patient = Resource::new(url, resource::patient("Eva", "Jansen"));
//! let sent = portal.send("CreateOrUpdatePatient", patient, Some(url), []).await?;
//! println!("the patient is now {}", sent.focal());
//!
//! let game = portal.with_credentials("game@demo", "secret");
//! let done = game
//!     .process(&Filter::default(), |message| async move {
//!         println!("{} {}", message.header().event(), message.header().id());
//!         Ok::<_, std::convert::Infallible>(Outcome::Success)
//!     })
//!     .await?;
//! assert_eq!(done.failed, 0);
//! # Ok(())
//! # }
//! ```

mod browse;
mod builder;
mod claim;
mod connector;
mod definition;
mod error;
mod filter;
mod header;
mod message;
mod process;
pub mod resource;
mod send;
mod sso;
mod status;
mod transport;

pub use browse::Browse;
pub use builder::{MessageBuilder, Resource};
pub use connector::{Connector, Format, Integration, Options};
pub use definition::Definition;
pub use error::{Error, Result};
pub use filter::Filter;
pub use header::Header;
pub use message::Message;
pub use process::{Outcome, Processed};
pub use send::Sent;
pub use sso::{ActivationCode, Authorize, ClientSecret, Launch, Token};
pub use status::Status;
