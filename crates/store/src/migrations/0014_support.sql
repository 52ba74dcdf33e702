-- The Support API: versions of what the directory holds, requests that wait for a
-- decision, the log of requests, and what instances do that 1.3.5 does not allow.

-- The version of a row, in units of 100 ns since 1970: it rises with each change.
ALTER TABLE domain ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
ALTER TABLE administrator ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;

-- `domain` and `application`: the name and the id of whose administrators see it.
-- `requester`: the login of who made it. `content`: its attributes as JSON.
CREATE TABLE support_request (
  number BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  domain TEXT,
  application TEXT,
  requester TEXT,
  created BIGINT NOT NULL,
  decided BIGINT,
  stamp BIGINT NOT NULL,
  content TEXT NOT NULL
);
CREATE INDEX support_request_kind ON support_request (kind, number);
CREATE INDEX support_request_open ON support_request (kind) WHERE status = 'Open';

-- Requests of KT1, for support: `content` is sealed. What failed stays longer.
CREATE TABLE request_log (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  instance BIGINT,
  method TEXT NOT NULL,
  target TEXT NOT NULL,
  status BIGINT NOT NULL,
  duration BIGINT NOT NULL,
  request_id TEXT NOT NULL,
  address TEXT NOT NULL,
  content TEXT,
  PRIMARY KEY (domain, id)
);
CREATE INDEX request_log_age ON request_log (domain, failed, id);

-- What an instance does that version 1.3.5 does not allow, once for each rule.
-- Never removed.
CREATE TABLE compliance_log (
  domain BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  finding TEXT NOT NULL,
  id BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  times BIGINT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (domain, instance, finding)
){without_rowid};
