//! Passwords of application instances: argon2id, with a short-lived cache of verified credentials.
