-- Single sign-on of KT1: who was launched for whom, and the secrets by which the
-- steps of it are found. Of a secret only a hash is kept.

-- One row for each launch. `caller`: the instance that launched; `instance`: the
-- one that was launched. `patient`, `user_url`: as they were given; `patient_key`,
-- `user_key`: 64 bits of a hash of them without version. `expires`: when nothing of
-- it can be used any more.
CREATE TABLE sso_authorization (
  domain BIGINT NOT NULL,
  number BIGINT NOT NULL,
  application BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  caller BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  patient TEXT NOT NULL,
  patient_key BIGINT NOT NULL,
  user_url TEXT NOT NULL,
  user_key BIGINT NOT NULL,
  resource TEXT,
  intent TEXT,
  launched BIGINT NOT NULL,
  redirect_uri TEXT,
  scope TEXT,
  challenge TEXT,
  authorized BIGINT,
  granted BIGINT,
  revoked BIGINT,
  expires BIGINT NOT NULL,
  PRIMARY KEY (domain, number)
);
CREATE INDEX sso_authorization_expires ON sso_authorization (expires);
CREATE INDEX sso_authorization_patient ON sso_authorization (domain, patient_key);
CREATE INDEX sso_authorization_user ON sso_authorization (domain, user_key);

-- Launch ids, activation codes, authorization codes, access and refresh tokens,
-- under 32 bytes of a hash. They hold no care data: who brings one brings no domain.
CREATE TABLE sso_secret (
  digest {bytes} NOT NULL PRIMARY KEY,
  kind BIGINT NOT NULL,
  domain BIGINT NOT NULL,
  number BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT
){without_rowid};
CREATE INDEX sso_secret_of ON sso_secret (domain, number, kind);
CREATE INDEX sso_secret_expires ON sso_secret (expires);

-- Activation codes that were tried and are none: by application and address.
CREATE TABLE sso_wrong_code (
  application BIGINT NOT NULL,
  id BIGINT NOT NULL,
  address TEXT NOT NULL,
  tried BIGINT NOT NULL,
  PRIMARY KEY (application, id)
);
CREATE INDEX sso_wrong_code_tried ON sso_wrong_code (tried);

-- What waits for the recipient about one patient: a launched application asks for
-- no other, and reads past nothing that it has had.
CREATE INDEX kt1_item_new_patient ON kt1_item (domain, recipient, patient_key, (id + 0))
  WHERE status = 0 AND expired = 0;
