//! JSON Web Tokens and keys (RFC 7515, 7517, 7519): parsed strictly, verified fully.
