-- Search: the stamp of each version, which orders all versions of a domain by
-- time, and the searchable values of the current ones.

-- `stamp`: a key of core/id.rs, given at each write; `updated` is its millisecond.
-- Older versions get theirs from their times: milliseconds since 2024 times the
-- 4096 keys of one.
ALTER TABLE resource ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
ALTER TABLE resource_history ADD COLUMN type BIGINT NOT NULL DEFAULT 0;
ALTER TABLE resource_history ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;

CREATE TABLE version_stamp (
  domain BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  version BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  PRIMARY KEY (domain, resource, version)
);
INSERT INTO version_stamp (domain, resource, version, stamp)
  SELECT domain, resource, version,
         ms * 4096 + row_number() OVER (PARTITION BY domain, ms ORDER BY updated, resource, version)
  FROM (
    SELECT domain, resource, version, updated,
           CASE WHEN updated < 1704067200000000 THEN 0
                ELSE updated / 1000 - 1704067200000 END AS ms
    FROM (
      SELECT domain, key AS resource, version, updated FROM resource
      UNION ALL
      SELECT domain, resource, version, updated FROM resource_history
    ) AS versions
  ) AS timed;
UPDATE resource SET
  updated = updated - updated % 1000,
  stamp = (SELECT s.stamp FROM version_stamp s WHERE s.domain = resource.domain
             AND s.resource = resource.key AND s.version = resource.version);
UPDATE resource_history SET
  updated = updated - updated % 1000,
  type = (SELECT r.type FROM resource r WHERE r.domain = resource_history.domain
            AND r.key = resource_history.resource),
  stamp = (SELECT s.stamp FROM version_stamp s WHERE s.domain = resource_history.domain
             AND s.resource = resource_history.resource
             AND s.version = resource_history.version);
DROP TABLE version_stamp;

-- Walks a type in the order of its changes, and leads from a stamp to its
-- resource; those that are deleted stand apart, where only history looks.
CREATE UNIQUE INDEX resource_stamp ON resource (domain, type, stamp) WHERE deleted = 0;
CREATE UNIQUE INDEX resource_deleted ON resource (domain, type, stamp) WHERE deleted = 1;
CREATE UNIQUE INDEX resource_history_stamp ON resource_history (domain, type, stamp);

-- The searchable values of the current version of each resource that is not
-- deleted (core/search.rs). An exact value is walked in the order of the stamps;
-- the second index finds the rows of a resource, and new ones are at its end.
CREATE TABLE search_index (
  domain BIGINT NOT NULL,
  parameter BIGINT NOT NULL,
  value {text} NOT NULL,
  stamp BIGINT NOT NULL,
  qualifier BIGINT NOT NULL,
  PRIMARY KEY (domain, parameter, value, stamp, qualifier)
){without_rowid};
CREATE INDEX search_index_stamp ON search_index (domain, stamp, parameter, value, qualifier);

-- The words of those that have any, for _text and _content.
CREATE TABLE resource_words (
  domain BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  narrative TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (domain, stamp)
);
