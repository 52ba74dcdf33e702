//! The only SQL: SQLite and PostgreSQL behind one synchronous-closure seam.
