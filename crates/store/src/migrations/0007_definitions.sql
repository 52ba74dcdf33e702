-- Definitions of a domain's own are resources; these tell the processes how often
-- they changed, and which search parameters do not cover every resource yet.
CREATE TABLE definitions (
  domain BIGINT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL
){without_rowid};
CREATE TABLE unindexed_parameter (
  domain BIGINT NOT NULL,
  url {text} NOT NULL,
  PRIMARY KEY (domain, url)
){without_rowid};
