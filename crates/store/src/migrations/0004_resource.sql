-- KT2 resources: the current version apart from the earlier ones, because reads
-- and searches want the former. `type`: the number of core/resource_type.rs.
-- `body`: the JSON that the other columns do not say. `key`: time-ordered, what
-- other tables refer to; the random id stands in one narrow index alone.
CREATE TABLE resource (
  domain BIGINT NOT NULL,
  key BIGINT NOT NULL,
  type BIGINT NOT NULL,
  id {text} NOT NULL,
  version BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  origin TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (domain, key)
);
CREATE UNIQUE INDEX resource_id ON resource (domain, type, id);

-- Versions that were replaced. `resource`: the key of the current one.
CREATE TABLE resource_history (
  domain BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  version BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (domain, resource, version)
);

-- The id of this server's own Device in each domain.
CREATE TABLE domain_device (
  domain BIGINT NOT NULL PRIMARY KEY REFERENCES domain (number),
  device TEXT NOT NULL
);

-- From a domain and an application to its instances, whose Devices follow them.
CREATE INDEX instance_domain ON instance (domain, client_id);
CREATE INDEX instance_application ON instance (application);
