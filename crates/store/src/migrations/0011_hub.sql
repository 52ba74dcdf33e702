-- SignalR connections whose client has called StartPush over HTTP, until the
-- connection itself carries the knowledge in its message ids: the call and the
-- connection may be at different processes. `connection`: its id.
CREATE TABLE kt1_hub_start (
  domain BIGINT NOT NULL,
  instance BIGINT NOT NULL,
  connection {bytes} NOT NULL,
  started BIGINT NOT NULL,
  PRIMARY KEY (domain, instance, connection)
){without_rowid};
CREATE INDEX kt1_hub_start_started ON kt1_hub_start (domain, started);
