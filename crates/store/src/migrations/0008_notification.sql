-- Rest-hook notifications of Koppeltaal 2.0 in the outbox.
--
-- `lane`: what keeps its order. 0: a webhook of Koppeltaal 1.3, which has none;
--   else the key of the subscription: its notifications go out one after the
--   other, by id, and all wait while the first is retried (`due` of the first
--   decides; the `due` of the others means nothing).
-- `identifier` of a rest-hook: the version that matched, `Task/x/_history/3`.
-- `item` of a rest-hook: its own id.
-- `request_id`, `trace_id`, `requester`: of the request that caused it; the
--   requester is the logical id of a Device.
-- `begun`: when the first attempt of this round began; only read when `failed`
--   is not 0.
ALTER TABLE outbox ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN request_id TEXT;
ALTER TABLE outbox ADD COLUMN trace_id TEXT;
ALTER TABLE outbox ADD COLUMN requester TEXT;
ALTER TABLE outbox ADD COLUMN begun BIGINT;
DROP INDEX outbox_pending;
CREATE INDEX outbox_pending ON outbox (domain, instance, due, id)
  WHERE state = 0 AND lane = 0;
-- What waits in each lane, the first of each lane first.
CREATE INDEX outbox_lane ON outbox (domain, lane, id, due)
  WHERE state = 0 AND lane > 0;
CREATE INDEX outbox_dead_lane ON outbox (domain, lane, id)
  WHERE state = 2 AND lane > 0;

-- What a chain of requests announced.
CREATE INDEX outbox_trace ON outbox (domain, trace_id, id)
  WHERE trace_id IS NOT NULL;

-- The process that sends in a lane has it until `lease`, which also tells its
-- leases apart. The row is made when the lane is first used; only the delivery
-- writes it, so that writers of care data never wait for each other here.
CREATE TABLE lane (
  domain BIGINT NOT NULL,
  lane BIGINT NOT NULL,
  lease BIGINT NOT NULL,
  PRIMARY KEY (domain, lane)
){without_rowid};

-- Subscriptions, for matching and delivery: what their resources say.
--
-- `key`: of the resource; `version`: the one that says so.
-- `instance`: the number of the owner, 0 when `origin` (a Device) is none.
-- `state`: 0 off, 1 active, 2 failed, 3 removed (`ends`: when, for housekeeping).
-- `failure`: why it failed; outlives `state` 2 until it is active again, which
--   sends its dead letters anew. `reviving`: 1 while some of them are left.
-- `told`: 0 while the resource does not say yet that it failed.
-- `changed`: the number of its last change, of `definitions.subscriptions`.
-- `headers`: a JSON array of lines.
CREATE TABLE subscription (
  domain BIGINT NOT NULL,
  key BIGINT NOT NULL,
  id {text} NOT NULL,
  version BIGINT NOT NULL,
  origin TEXT NOT NULL,
  instance BIGINT NOT NULL,
  state BIGINT NOT NULL,
  failure TEXT,
  told BIGINT NOT NULL,
  reviving BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  ends BIGINT,
  on_delete BIGINT NOT NULL,
  criteria TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  headers TEXT NOT NULL,
  PRIMARY KEY (domain, key)
){without_rowid};
-- What a process has not seen yet.
CREATE INDEX subscription_changed ON subscription (domain, changed);
-- What there is to do with the resources, in all domains.
CREATE INDEX subscription_untold ON subscription (domain, key)
  WHERE told = 0 OR reviving = 1;
CREATE INDEX subscription_ends ON subscription (ends)
  WHERE ends IS NOT NULL;

-- Rises with each change of a subscription of the domain.
ALTER TABLE definitions ADD COLUMN subscriptions BIGINT NOT NULL DEFAULT 0;

-- Versions of Devices that the directory made, until subscriptions were asked.
CREATE TABLE unwatched (
  domain BIGINT NOT NULL,
  key BIGINT NOT NULL,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (domain, key, version)
){without_rowid};
