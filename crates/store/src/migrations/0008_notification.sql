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

-- The process that sends in a lane has it until `lease`, which also tells its
-- leases apart. The row is made when the lane is first used; only the delivery
-- writes it, so that writers of care data never wait for each other here.
CREATE TABLE lane (
  domain BIGINT NOT NULL,
  lane BIGINT NOT NULL,
  lease BIGINT NOT NULL,
  PRIMARY KEY (domain, lane)
){without_rowid};
