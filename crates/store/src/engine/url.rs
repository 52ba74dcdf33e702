//! Where the store is: `sqlite:PATH` or `postgres://…`. Shown without the
//! password, in messages and in `{:?}` alike.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use koppeltaal_core::{Error, Result};

/// The address of a store.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, the URL as it was given.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            // `sqlite:///var/lib/x.db` is the same file as `sqlite:/var/lib/x.db`.
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(Error::Invalid("a SQLite store needs a file: sqlite:PATH".to_owned()));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        // The text may hold a password: only its scheme is repeated.
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        Err(Error::Invalid(format!(
            "a database URL starts with `sqlite:` or `postgres://`, not `{scheme}`"
        )))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    // A password may hold `@`, `/` and `?` unescaped, so the last `@` ends it:
    // showing too little is better than showing a part of it.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((login, rest)) => (login.split(':').next(), rest),
        None => (None, rest),
    };
    let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
    let secret = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or("");
        !matches!(name, "password" | "sslpassword")
    };
    let query: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty()).filter(secret).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{place}{mark}{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, shown: &str) {
        let parsed: DatabaseUrl = url.parse().unwrap();
        assert_eq!(parsed.to_string(), shown);
        assert_eq!(format!("{parsed:?}"), shown);
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        check("sqlite:data/koppeltaal.db", "sqlite:data/koppeltaal.db");
        check("sqlite:///var/lib/k.db", "sqlite:/var/lib/k.db");
        check("postgres://kt:secret@db:5432/kt", "postgres://kt@db:5432/kt");
        check("postgresql://kt:s@/c?r@db/kt", "postgresql://kt@db/kt");
        check("postgres://kt:a/b:c@db/kt?sslmode=require", "postgres://kt@db/kt?sslmode=require");
        check("postgres://kt:a?b@db/kt", "postgres://kt@db/kt");
        check(
            "postgres:///kt?host=/run/pg&user=kt&password=x",
            "postgres:///kt?host=/run/pg&user=kt",
        );
    }

    #[test]
    fn other_texts_are_refused_without_repeating_them() {
        for text in ["mysql://u:secret@h/d", "secret", "sqlite:", "sqlite::memory:"] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(matches!(&error, Error::Invalid(message) if !message.contains("secret")));
        }
    }
}
