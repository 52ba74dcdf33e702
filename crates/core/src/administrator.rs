//! Who administers the server and what is theirs (kt13-around 3.1): all of it,
//! some domains, or some applications with their instances.

mod password;

use std::collections::BTreeSet;
use std::fmt;

use crate::error::{Error, Result};

pub use password::check_password;

/// The kinds of administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Of the whole server.
    System,
    /// Of domains.
    Domain,
    /// Of applications.
    Application,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::System, Self::Domain, Self::Application];

    /// The word in the store, on the command line and in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Domain => "domain",
            Self::Application => "application",
        }
    }

    /// The role with this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// What is an administrator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    System,
    /// These domains, by name.
    Domains(BTreeSet<String>),
    /// These applications, by id, with their instances in all domains.
    Applications(BTreeSet<String>),
}

impl Rights {
    /// The rights of a role over these domains or applications.
    pub fn new(role: Role, names: impl IntoIterator<Item = String>) -> Result<Self> {
        let names: BTreeSet<String> = names.into_iter().collect();
        let needs = |what: &str| {
            Err(Error::Invalid(format!("role {} needs a {what} at least", role.code())))
        };
        match role {
            Role::System if names.is_empty() => Ok(Self::System),
            Role::System => Err(Error::Invalid(
                "role system is for the whole server: name no domain and no application".to_owned(),
            )),
            Role::Domain if names.is_empty() => needs("domain"),
            Role::Domain => Ok(Self::Domains(names)),
            Role::Application if names.is_empty() => needs("application"),
            Role::Application => Ok(Self::Applications(names)),
        }
    }

    /// The kind of administrator.
    pub fn role(&self) -> Role {
        match self {
            Self::System => Role::System,
            Self::Domains(_) => Role::Domain,
            Self::Applications(_) => Role::Application,
        }
    }

    /// The names of the domains or ids of the applications, in order.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::System => Vec::new(),
            Self::Domains(names) | Self::Applications(names) => names.iter().cloned().collect(),
        }
    }

    /// Whether everything is theirs.
    pub fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }

    /// Whether the domain is theirs.
    pub fn has_domain(&self, name: &str) -> bool {
        match self {
            Self::System => true,
            Self::Domains(names) => names.contains(name),
            Self::Applications(_) => false,
        }
    }

    /// Whether the application is theirs.
    pub fn has_application(&self, id: &str) -> bool {
        match self {
            Self::System => true,
            Self::Domains(_) => false,
            Self::Applications(ids) => ids.contains(id),
        }
    }

    /// Whether an instance is theirs: by its domain or by its application.
    pub fn has_instance(&self, domain: &str, application: &str) -> bool {
        self.has_domain(domain) || self.has_application(application)
    }

    /// Whether somebody with `other` can do nothing that these rights do not allow.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::System, _) => true,
            (Self::Domains(ours), Self::Domains(theirs))
            | (Self::Applications(ours), Self::Applications(theirs)) => theirs.is_subset(ours),
            _ => false,
        }
    }
}

/// `system`, `domain demo`, `application PORTAL, GAME`.
impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role().code())?;
        let names = self.names();
        if names.is_empty() {
            return Ok(());
        }
        write!(f, " {}", names.join(", "))
    }
}

/// How an administrator proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// With an administrator token.
    Token,
    /// With user name and password (Basic).
    Password,
    /// With the session of a browser.
    Session,
}

/// An administrator who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The number of the account; `None` for a token that an operator made.
    pub account: Option<i64>,
    /// The login of the account, or the name of the token.
    pub name: String,
    /// What is theirs.
    pub rights: Rights,
    /// How they proved it.
    pub means: Means,
}

impl Administrator {
    /// Who that is in the audit trail.
    pub fn agent(&self) -> String {
        match self.account {
            Some(_) => format!("{} (administrator)", self.name),
            None => format!("{} (administrator token)", self.name),
        }
    }
}

/// Refuses what is no login: people type it, and it stands in logs and headers.
pub fn check_login(login: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+');
    if login.is_empty() || login.len() > 50 || !login.chars().all(good) {
        return Err(Error::Invalid(format!(
            "`{}` is no login: 1 to 50 letters, digits and . _ - @ +",
            login.chars().take(60).collect::<String>()
        )));
    }
    Ok(())
}

/// Refuses what is no mail address, or could break out of a mail's header.
pub fn check_mail_address(address: &str) -> Result<()> {
    let invalid = || {
        let shown: String = address.chars().filter(|c| !c.is_control()).take(80).collect();
        Error::Invalid(format!("`{shown}` is no mail address"))
    };
    let (local, host) = address.rsplit_once('@').ok_or_else(invalid)?;
    let good = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"@".contains(c);
    let whole = !local.is_empty()
        && local.chars().all(good)
        && host.contains('.')
        && host.split('.').all(|part| !part.is_empty())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && address.len() <= 254;
    if whole { Ok(()) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(role: Role, names: &[&str]) -> Rights {
        Rights::new(role, names.iter().map(|name| (*name).to_owned())).unwrap()
    }

    #[test]
    fn an_instance_belongs_to_its_domain_and_to_its_application() {
        let domain = rights(Role::Domain, &["a"]);
        let application = rights(Role::Application, &["GAME"]);
        assert!(domain.has_instance("a", "GAME") && domain.has_instance("a", "PORTAL"));
        assert!(application.has_instance("a", "GAME") && application.has_instance("b", "GAME"));
        assert!(!domain.has_instance("b", "GAME"));
        assert!(!application.has_instance("a", "PORTAL"));
        assert!(!domain.has_application("GAME") && !application.has_domain("a"));
    }

    #[test]
    fn rights_cover_what_is_within_them() {
        let two = rights(Role::Domain, &["a", "b"]);
        let one = rights(Role::Domain, &["a"]);
        assert!(two.covers(&one) && Rights::System.covers(&two));
        assert!(!one.covers(&two) && !two.covers(&Rights::System));
        assert!(!one.covers(&rights(Role::Application, &["a"])));
    }

    #[test]
    fn a_role_needs_what_it_is_for() {
        for (role, names) in [
            (Role::System, vec!["a".to_owned()]),
            (Role::Domain, Vec::new()),
            (Role::Application, Vec::new()),
        ] {
            assert!(Rights::new(role, names).is_err(), "{role:?}");
        }
    }

    #[test]
    fn logins_and_mail_addresses_hold_nothing_odd() {
        for login in ["anna", "anna.de-vries@ggz.example", "a+b_c"] {
            assert!(check_login(login).is_ok(), "{login}");
        }
        for login in ["", "a b", "a:b", "é", &"a".repeat(51)] {
            assert!(check_login(login).is_err(), "{login}");
        }
        assert!(check_mail_address("anna@ggz.example").is_ok());
        for address in ["", "anna", "@ggz.example", "a@b", "a\r\nBcc: b@c.nl@d.nl", "a@b..nl"] {
            assert!(check_mail_address(address).is_err(), "{address}");
        }
    }
}
