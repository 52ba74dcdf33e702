//! Notifications out of the durable outbox: leases, attempts, retries, dead letters.
