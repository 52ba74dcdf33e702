-- The KT1 mailbox. The domain leads every key: no query meets two domains.

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);

-- What the domain knows of a resource: its current version and a digest of its
-- content. Bodies live in messages only.
CREATE TABLE kt1_resource (
  domain BIGINT NOT NULL,
  url {text} NOT NULL,
  type TEXT NOT NULL,
  version TEXT NOT NULL,
  digest {bytes} NOT NULL,
  patient TEXT,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  changed_by BIGINT,
  PRIMARY KEY (domain, url)
){without_rowid};

-- One row for each accepted message: what remains when its body is removed.
-- `patient`: whom the sender named. `subject`: the patient of the focal resource,
-- where that is another. `retrieved`: since when every recipient has it. `expired`: when the body went.
CREATE TABLE kt1_message (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  identifier TEXT NOT NULL,
  event BIGINT NOT NULL,
  sender BIGINT,
  patient TEXT,
  subject TEXT,
  focal TEXT NOT NULL,
  focal_version TEXT NOT NULL,
  created BIGINT NOT NULL,
  retrieved BIGINT,
  expired BIGINT,
  header TEXT NOT NULL,
  PRIMARY KEY (domain, id)
);
CREATE INDEX kt1_message_identifier ON kt1_message (domain, identifier);
CREATE INDEX kt1_message_retrieved ON kt1_message (domain, retrieved, id)
  WHERE retrieved IS NOT NULL AND expired IS NULL;

-- The rest of the bundle: the feed's own members and the entries after the header.
CREATE TABLE kt1_body (
  domain BIGINT NOT NULL,
  message BIGINT NOT NULL,
  feed TEXT NOT NULL,
  entries TEXT NOT NULL,
  PRIMARY KEY (domain, message)
);

-- One row for each recipient of a message, with its own ProcessingStatus.
-- `focal_key`, `patient_key`: 64 bits of a hash, so that the indexes stay narrow.
CREATE TABLE kt1_item (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  message BIGINT NOT NULL,
  recipient BIGINT NOT NULL,
  event BIGINT NOT NULL,
  patient_key BIGINT,
  focal_key BIGINT NOT NULL,
  status BIGINT NOT NULL,
  claims BIGINT NOT NULL,
  claim_until BIGINT,
  changed BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  expired BIGINT NOT NULL,
  exception TEXT,
  PRIMARY KEY (domain, id)
){without_rowid};
-- `id + 0`: the order of these indexes is asked for by this expression, so that no
-- planner answers it from the primary key and reads past all that was processed.
CREATE INDEX kt1_item_message ON kt1_item (domain, message);
CREATE INDEX kt1_item_browse ON kt1_item (domain, recipient, expired, (id + 0), status, event);
CREATE INDEX kt1_item_patient ON kt1_item (domain, recipient, patient_key, (id + 0));
CREATE INDEX kt1_item_new ON kt1_item (domain, recipient, (id + 0))
  WHERE status = 0 AND expired = 0;
CREATE INDEX kt1_item_new_event ON kt1_item (domain, recipient, event, (id + 0))
  WHERE status = 0 AND expired = 0;
CREATE INDEX kt1_item_claimed ON kt1_item (domain, claim_until)
  WHERE status = 1;
CREATE INDEX kt1_item_focal ON kt1_item (domain, focal_key)
  WHERE status IN (0, 1, 3, 5);

-- ActivityDefinitions, the only resources this server owns in KT1.
CREATE TABLE kt1_definition (
  domain BIGINT NOT NULL,
  number BIGINT NOT NULL UNIQUE,
  application BIGINT NOT NULL,
  identifier TEXT NOT NULL,
  version TEXT NOT NULL,
  domain_specific BIGINT NOT NULL,
  archived BIGINT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  resource TEXT NOT NULL,
  PRIMARY KEY (domain, number)
);
CREATE UNIQUE INDEX kt1_definition_identifier ON kt1_definition (domain, identifier);
CREATE INDEX kt1_definition_application ON kt1_definition (application);

-- The audit trail: rows are only ever added. Domain 0 is the server itself.
CREATE TABLE audit (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  action TEXT NOT NULL,
  recorded BIGINT NOT NULL,
  instance BIGINT,
  agent TEXT NOT NULL,
  event BIGINT,
  patient TEXT,
  focal TEXT,
  version TEXT,
  item BIGINT,
  outcome TEXT NOT NULL,
  detail TEXT,
  request_id TEXT,
  PRIMARY KEY (domain, id)
){without_rowid};

-- One row for each job that one process at a time may run.
CREATE TABLE job (
  name TEXT PRIMARY KEY,
  lease_until BIGINT NOT NULL,
  last_started BIGINT,
  last_finished BIGINT,
  last_result TEXT
);
