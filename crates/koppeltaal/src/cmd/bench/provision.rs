//! `bench provision`: prints a provisioning file with a domain for measuring, one instance that
//! sends and the wanted number of mailboxes.
//!
//! The first mailbox is the one subscriber of the measured event; the others are filled directly
//! by `bench fill`, so that a message sent never has more than one recipient.

use std::fmt::Write;

use koppeltaal_auth::generate_password;

use super::credentials::{MAILBOX, SENDER};
use super::message::CARE_PLAN;

/// Where the application that is launched gets its codes.
pub const REDIRECT_URI: &str = "https://bench.example/back";

/// What is to be provisioned.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many mailboxes
    #[arg(long, default_value_t = 8)]
    pub mailboxes: usize,
    /// The domain
    #[arg(long, default_value = "bench")]
    pub domain: String,
}

/// The provisioning file.
pub fn file(args: &Args) -> String {
    let domain = &args.domain;
    let mut file = format!(
        "# For measuring only: koppeltaal apply THIS_FILE\n\n\
         [[domain]]\nname = \"{domain}\"\nphase = \"test\"\n\n\
         [[application]]\nid = \"{SENDER}\"\n\n\
         [[application]]\nid = \"{MAILBOX}\"\n\
         launch_url = \"https://bench.example/start\"\nredirect_uris = [\"{REDIRECT_URI}\"]\n\
         allow_public_token_requests = true\n\n\
         [[instance]]\ndomain = \"{domain}\"\napplication = \"{SENDER}\"\nusername = \"bench-sender@{domain}\"\npassword = \"{}\"\n",
        generate_password()
    );
    for number in 1..=args.mailboxes.max(1) {
        let events = if number == 1 { format!("[\"{CARE_PLAN}\"]") } else { "[]".to_owned() };
        // Writing to a String does not fail.
        let _ = write!(
            file,
            "\n[[instance]]\ndomain = \"{domain}\"\napplication = \"{MAILBOX}\"\nusername = \"bench-{number}@{domain}\"\npassword = \"{}\"\nevents = {events}\n",
            generate_password()
        );
    }
    file
}

#[cfg(test)]
mod tests {
    use super::super::credentials::Credentials;
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.toml");
        std::fs::write(&path, file(&Args { mailboxes: 3, domain: "b".into() })).unwrap();
        let credentials = Credentials {
            provision: Some(path),
            domain: "bench".into(),
            sender: None,
            mailbox: vec![],
        };
        let instances = credentials.read().unwrap();
        assert_eq!(instances.domain, "b");
        assert!(instances.sender().is_ok());
        assert_eq!(instances.mailboxes().unwrap().len(), 3);
    }
}
