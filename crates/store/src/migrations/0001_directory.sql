-- Who takes part: domains, applications, instances, roles, identity providers.
-- Each row has a small number that never changes and is never given again,
-- because rows are never deleted; its settings are the JSON of the core struct,
-- so that a new key of the provisioning file needs no migration.

-- One row. Its version rises with every change; processes compare it with the
-- version of the snapshot they hold. Its row lock makes changes serial.
CREATE TABLE directory_state (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO directory_state (id, version) VALUES (1, 0);

CREATE TABLE domain (
    number BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL
);

CREATE TABLE application (
    number BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL
);

CREATE TABLE role (
    number BIGINT NOT NULL PRIMARY KEY,
    domain BIGINT NOT NULL REFERENCES domain (number),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    UNIQUE (domain, name)
);

CREATE TABLE identity_provider (
    number BIGINT NOT NULL PRIMARY KEY,
    domain BIGINT NOT NULL REFERENCES domain (number),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    UNIQUE (domain, name)
);

CREATE TABLE instance (
    number BIGINT NOT NULL PRIMARY KEY,
    domain BIGINT NOT NULL REFERENCES domain (number),
    application BIGINT NOT NULL REFERENCES application (number),
    username TEXT UNIQUE,
    client_id TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL
);
