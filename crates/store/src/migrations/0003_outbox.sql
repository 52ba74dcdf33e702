-- Notifications that wait for their delivery, and what became of the others.
-- Written in the transaction of the message they announce; they hold no content.
--
-- `state`: 0 pending, 1 delivered, 2 dead.
-- `due`: when a process may take it: the next attempt, or the end of the lease of
--   the process that has it (which also tells the leases of one row apart).
--   Of a settled notification: when it was settled.
-- `next_attempt`: when the next attempt is (or was) meant to be made.
-- `failed`: failures of this round; `attempts`: of all rounds, successes included.
-- `rounds`: how often an operator has sent it again.
CREATE TABLE outbox (
  domain BIGINT NOT NULL,
  id BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  item BIGINT NOT NULL,
  identifier TEXT NOT NULL,
  state BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  rounds BIGINT NOT NULL,
  next_attempt BIGINT NOT NULL,
  due BIGINT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (domain, id)
){without_rowid};
-- What is due, instance by instance: as small as the work that is left.
CREATE INDEX outbox_pending ON outbox (domain, instance, due, id)
  WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (domain, id)
  WHERE state = 2;
-- Items are numbered by time, so this lists an instance in order and also finds
-- the notification of an item.
CREATE INDEX outbox_item ON outbox (domain, instance, item);

-- Every attempt of every notification. `resent`: 1 in a round an operator began.
CREATE TABLE attempt (
  domain BIGINT NOT NULL,
  notification BIGINT NOT NULL,
  number BIGINT NOT NULL,
  started BIGINT NOT NULL,
  endpoint TEXT,
  status BIGINT,
  duration_ms BIGINT NOT NULL,
  error TEXT,
  resent BIGINT NOT NULL,
  PRIMARY KEY (domain, notification, number)
){without_rowid};
