-- Administrators: their accounts, tokens, sessions and links, and the mails that
-- the administration sends. `role` and `scope` (a JSON list of names of domains
-- or ids of applications) say what is theirs.

-- `history`: a JSON list of hashes. `totp` is sealed; `totp_step` is the last step
-- whose code was used. `failed` counts from `failed_since`.
CREATE TABLE administrator (
  number BIGINT PRIMARY KEY,
  login {text} NOT NULL,
  name TEXT,
  email TEXT,
  role TEXT NOT NULL,
  scope TEXT NOT NULL,
  active BIGINT NOT NULL,
  password_hash TEXT,
  history TEXT NOT NULL,
  totp TEXT,
  totp_step BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  failed_since BIGINT NOT NULL,
  locked_until BIGINT NOT NULL,
  last_login BIGINT,
  created BIGINT NOT NULL
);
CREATE UNIQUE INDEX administrator_login ON administrator (login);

-- `digest` is the SHA-256 of the token. `account`: whose it is; empty for a token
-- that an operator made.
CREATE TABLE administrator_token (
  number BIGINT PRIMARY KEY,
  digest {bytes} NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  scope TEXT NOT NULL,
  account BIGINT,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires BIGINT,
  revoked BIGINT
);
CREATE UNIQUE INDEX administrator_token_digest ON administrator_token (digest);

-- Browser sessions under the SHA-256 of their cookie.
CREATE TABLE administrator_session (
  digest {bytes} NOT NULL,
  account BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE INDEX administrator_session_account ON administrator_session (account);
CREATE INDEX administrator_session_expires ON administrator_session (expires);

-- Links by which a password is set, once, under their SHA-256.
CREATE TABLE administrator_link (
  digest {bytes} NOT NULL,
  account BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE INDEX administrator_link_account ON administrator_link (account);

-- The outbox of mails. `body` is sealed, and emptied after sending where it holds
-- a secret. `state`: 0 waits, 1 sent, 2 given up. `due` is also the lease.
CREATE TABLE mail (
  id BIGINT PRIMARY KEY,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  secret BIGINT NOT NULL,
  state BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  due BIGINT NOT NULL,
  created BIGINT NOT NULL,
  sent BIGINT,
  error TEXT
);
CREATE INDEX mail_due ON mail (due) WHERE state = 0;
CREATE INDEX mail_sent ON mail (sent) WHERE state = 1;
