BEGIN TRANSACTION;
CREATE TABLE deliveries (
	id INTEGER NOT NULL,
	receiver VARCHAR(80) NOT NULL,
	sequence INTEGER NOT NULL,
	notice VARCHAR(36) NOT NULL,
	type TEXT NOT NULL,
	family VARCHAR(36) NOT NULL,
	event BLOB NOT NULL,
	accepted_at VARCHAR(32) NOT NULL,
	state VARCHAR(9) NOT NULL,
	attempts INTEGER NOT NULL,
	last_outcome VARCHAR(40) NOT NULL,
	next_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (receiver, notice),
	UNIQUE (receiver, sequence)
);
INSERT INTO "deliveries" VALUES(1,'police',1,'bda3f10a-5b39-5b8e-a4f4-89b78f1c45c3','nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d',CAST('{"specversion":"1.0","id":"bda3f10a-5b39-5b8e-a4f4-89b78f1c45c3","source":"urn:nld:oin:00000099000000000001:systeem:vig-hub","type":"nl.vig.escalations.level-raised.v1","time":"2026-03-02T13:00:00Z","dataref":"http://127.0.0.1:8000/v1/families/cfc81393-b35c-5caf-8b83-a3a0a293292d","sequence":"000000000001","datacontenttype":"application/json","data":{"family":"cfc81393-b35c-5caf-8b83-a3a0a293292d","escalation":"99fd4418-9d26-5652-b0db-fb2fa128c420","axis":"safety","level":3,"leads":"director","contact":"duty desk","acknowledgeBy":"2026-03-04T13:00:00Z"}}' AS BLOB),'2026-03-02T13:00:00.000000+00:00','waiting',1,'unreachable','2026-03-02T13:00:04.207993+00:00');
CREATE TABLE feed (
	position INTEGER NOT NULL,
	type TEXT NOT NULL,
	family VARCHAR(36) NOT NULL,
	notice TEXT NOT NULL,
	PRIMARY KEY (position)
);
INSERT INTO "feed" VALUES(9,'nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "53aaac7e-30a8-5bea-987f-21872bf8c57d", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T12:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "escalation": "6219a14f-1925-5a2f-9ad8-9dcb5190f8bc", "axis": "care", "level": 2, "leads": "local-team", "contact": "duty desk", "acknowledgeBy": "2026-03-09T12:00:00Z"}}');
INSERT INTO "feed" VALUES(16,'nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "bda3f10a-5b39-5b8e-a4f4-89b78f1c45c3", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T13:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "escalation": "99fd4418-9d26-5652-b0db-fb2fa128c420", "axis": "safety", "level": 3, "leads": "director", "contact": "duty desk", "acknowledgeBy": "2026-03-04T13:00:00Z"}}');
INSERT INTO "feed" VALUES(25,'nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "824dcc12-30d6-5115-9ba3-50bc001dcfa3", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T13:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "escalation": "073c45c7-7720-5da1-9dfc-dd3df191d92e", "axis": "income", "level": 2, "leads": "social-services", "contact": "duty desk", "acknowledgeBy": "2026-03-09T13:00:00Z"}}');
CREATE TABLE positions (
	follower TEXT NOT NULL,
	position BIGINT NOT NULL,
	shape TEXT NOT NULL,
	PRIMARY KEY (follower)
);
INSERT INTO "positions" VALUES('feed',34,'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
INSERT INTO "positions" VALUES('webhook',34,'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
CREATE TABLE receivers (
	receiver VARCHAR(80) NOT NULL,
	last_sequence INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	paused_until VARCHAR(32) NOT NULL,
	retired_callback TEXT NOT NULL,
	PRIMARY KEY (receiver)
);
INSERT INTO "receivers" VALUES('police',1,1,'2026-03-02T13:00:04.207993+00:00','');
CREATE INDEX feed_of_family ON feed (family, position);
CREATE INDEX deliveries_due ON deliveries (receiver, next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_of_family ON deliveries (receiver, family, sequence) WHERE state = 'waiting';
COMMIT;
