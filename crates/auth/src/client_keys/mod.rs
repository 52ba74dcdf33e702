//! The public keys of instances: where they are found, how long they are kept.
