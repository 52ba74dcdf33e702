//! Where and how this server calls out: which addresses may be called at all, over
//! which TLS, within which bounds.
