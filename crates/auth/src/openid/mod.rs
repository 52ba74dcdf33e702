//! OpenID Connect to the identity providers of a domain.
