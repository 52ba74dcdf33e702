-- Definitions of a domain's own are resources; these tell the processes that they
-- changed, and which search parameters do not cover every resource yet.
INSERT INTO counter (name, value) VALUES ('definitions', 0);
CREATE TABLE unindexed_parameter (
  domain BIGINT NOT NULL,
  url {text} NOT NULL,
  PRIMARY KEY (domain, url)
){without_rowid};
