-- The audit trail by month, so that what is old leaves as whole tables. What was
-- recorded before stands in the month 0; the tables of the others are made when
-- they begin (store/src/audit/month.rs), with the same columns.
ALTER TABLE audit RENAME TO audit_000000;
ALTER TABLE audit_000000 ADD COLUMN correlation_id TEXT;
ALTER TABLE audit_000000 ADD COLUMN given {text};
ALTER TABLE audit_000000 ADD COLUMN shape BIGINT;
ALTER TABLE audit_000000 ADD COLUMN date BIGINT;
ALTER TABLE audit_000000 ADD COLUMN content TEXT;
-- `shape` 0: it stands behind the content, which begins with its length and `:`.
UPDATE audit_000000 SET
  shape = 0,
  date = recorded,
  given = (SELECT e.resource_id FROM audit_event e
           WHERE e.domain = audit_000000.domain AND e.id = audit_000000.id),
  content = (SELECT CAST(octet_length(e.resource) AS TEXT) || ':' || e.resource FROM audit_event e
             WHERE e.domain = audit_000000.domain AND e.id = audit_000000.id)
WHERE EXISTS (SELECT 1 FROM audit_event e
              WHERE e.domain = audit_000000.domain AND e.id = audit_000000.id);
DROP TABLE audit_event;
CREATE UNIQUE INDEX audit_000000_given ON audit_000000 (domain, given) WHERE given IS NOT NULL;
CREATE INDEX audit_000000_date ON audit_000000 (domain, date, id, shape) WHERE shape IS NOT NULL;
CREATE TABLE audit_key_000000 (
  domain BIGINT NOT NULL,
  key BIGINT NOT NULL,
  id BIGINT NOT NULL,
  PRIMARY KEY (domain, key, id)
){without_rowid};

-- `keyed`: its events are found by what they are about. `closed`: nothing is added
-- any more and all is sealed; then the dates of its events are known.
-- `removed`: its time is over, nobody reads it any more.
CREATE TABLE audit_month (
  month BIGINT NOT NULL PRIMARY KEY,
  keyed BIGINT NOT NULL,
  closed BIGINT NOT NULL,
  first_date BIGINT,
  last_date BIGINT,
  removed BIGINT
);
INSERT INTO audit_month (month, keyed, closed) VALUES (0, 0, 0);

-- What many AuditEvents of a domain have in common, once.
CREATE TABLE audit_shape (
  domain BIGINT NOT NULL,
  number BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  shape TEXT NOT NULL,
  PRIMARY KEY (domain, number)
);
CREATE UNIQUE INDEX audit_shape_digest ON audit_shape (domain, digest);

-- Seals chain the rows of a domain in the order of their ids. `since`: the number
-- of the first seal that this one stands for: an earlier one than its own after
-- the removal (`removed`) of what those sealed.
CREATE TABLE audit_seal (
  domain BIGINT NOT NULL,
  number BIGINT NOT NULL,
  since BIGINT NOT NULL,
  month BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  previous {bytes} NOT NULL,
  mac {bytes} NOT NULL,
  sealed BIGINT NOT NULL,
  removed BIGINT,
  PRIMARY KEY (domain, number)
);
CREATE INDEX audit_seal_month ON audit_seal (domain, month, last);

-- The newest seal of each domain.
CREATE TABLE audit_head (
  domain BIGINT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  mac {bytes} NOT NULL
){without_rowid};

-- AuditEvents that a suite deleted where a domain for tests allows it.
CREATE TABLE audit_removed (
  month BIGINT NOT NULL,
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  given {text},
  digest {bytes} NOT NULL,
  removed BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  origin TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (domain, id)
){without_rowid};
