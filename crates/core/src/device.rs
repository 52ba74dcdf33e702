//! The Device resource of an application instance and of this server.
