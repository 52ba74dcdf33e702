-- The authorization service: what is used once, keys, and what was revoked.
-- Rows go when their time (`expires`) is over; the indexes on it lead to them.

-- Ids of tokens that were used (`digest`: 16 bytes of a hash of list, issuer and id).
CREATE TABLE spent (
  domain BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (domain, digest)
){without_rowid};
CREATE INDEX spent_expires ON spent (expires);

-- Logins on their way and authorization codes, under a hash of what the browser
-- or the client holds. `content` is sealed.
CREATE TABLE authorization_session (
  domain BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  content TEXT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT NOT NULL,
  PRIMARY KEY (domain, kind, digest)
);
CREATE INDEX authorization_session_expires ON authorization_session (expires);

-- Signing keys, numbered from 1 in each domain. `sealed` is emptied when the key
-- is published no more.
CREATE TABLE signing_key (
  domain BIGINT NOT NULL,
  number BIGINT NOT NULL,
  kid TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created BIGINT NOT NULL,
  signs_from BIGINT NOT NULL,
  published_until BIGINT,
  PRIMARY KEY (domain, number)
);
CREATE INDEX signing_key_retired ON signing_key (published_until)
  WHERE sealed <> '';

CREATE TABLE revoked_token (
  domain BIGINT NOT NULL,
  jti {text} NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (domain, jti)
){without_rowid};
CREATE INDEX revoked_token_expires ON revoked_token (expires);

-- Rise with every new key and every revocation; processes look at them.
INSERT INTO counter (name, value) VALUES ('signing_key', 0);
INSERT INTO counter (name, value) VALUES ('revoked_token', 0);

-- AuditEvents: the resource that KT2 shows of a row of the trail, apart from the
-- row because of its size.
ALTER TABLE audit ADD COLUMN trace_id TEXT;
CREATE TABLE audit_event (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  resource_id {text} NOT NULL,
  resource TEXT NOT NULL,
  PRIMARY KEY (domain, id)
);
CREATE UNIQUE INDEX audit_event_resource ON audit_event (domain, resource_id);
