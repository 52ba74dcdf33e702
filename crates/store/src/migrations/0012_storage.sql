-- The storage service of Koppeltaal 1.3. `content`: the item as JSON, sealed with a key of its
-- domain. `size`: the bytes of that JSON, which limits count.
CREATE TABLE storage_item (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  application BIGINT NOT NULL,
  patient {text} NOT NULL,
  object_type {text} NOT NULL,
  object_key {text} NOT NULL,
  size BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  content {bytes} NOT NULL,
  PRIMARY KEY (domain, id)
);
CREATE UNIQUE INDEX storage_item_key
  ON storage_item (domain, application, object_key, object_type, patient);
CREATE INDEX storage_item_changed ON storage_item (domain, application, changed, id);
CREATE INDEX storage_item_patient ON storage_item (domain, patient, application, changed, id);

-- What the items of a patient take, for each application; and those of a whole domain.
CREATE TABLE storage_usage (
  domain BIGINT NOT NULL,
  application BIGINT NOT NULL,
  patient {text} NOT NULL,
  items BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (domain, application, patient)
){without_rowid};
CREATE TABLE storage_total (
  domain BIGINT NOT NULL PRIMARY KEY,
  items BIGINT NOT NULL,
  bytes BIGINT NOT NULL
){without_rowid};

-- What senders ask of their messages: all of them, and those that somebody still has to process.
CREATE INDEX kt1_message_sender ON kt1_message (domain, sender, (id + 0));
CREATE INDEX kt1_message_unprocessed ON kt1_message (domain, sender, (id + 0))
  WHERE retrieved IS NULL;
