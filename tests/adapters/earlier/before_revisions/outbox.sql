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
INSERT INTO "deliveries" VALUES(1,'police',1,'f229a93f-10b5-8f5c-a0b5-d877b2687bd5','nl.vig.escalations.level-raised.v1','c490420c-7533-8d0f-9e01-e5b9ef9c39ff',CAST('{"specversion":"1.0","id":"f229a93f-10b5-8f5c-a0b5-d877b2687bd5","source":"urn:nld:oin:00000099000000000001:systeem:vig-hub","type":"nl.vig.escalations.level-raised.v1","time":"2026-03-02T13:00:00Z","sequence":"000000000001","datacontenttype":"application/json","data":{"family":"c490420c-7533-8d0f-9e01-e5b9ef9c39ff","escalation":"299ed294-c4d7-8766-a0da-aa73cf81274e","axis":"safety","level":3,"leads":"director","contact":"duty desk","acknowledgeBy":"2026-03-04T13:00:00Z"}}' AS BLOB),'2026-03-02T13:00:00.000000+00:00','waiting',1,'unreachable','2026-03-02T13:00:03.803253+00:00');
CREATE TABLE feed (
	position INTEGER NOT NULL,
	type TEXT NOT NULL,
	family VARCHAR(36) NOT NULL,
	notice TEXT NOT NULL,
	PRIMARY KEY (position)
);
INSERT INTO "feed" VALUES(15,'nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "f375ea98-4869-535d-9bf2-d4b2e9cad0ec", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T12:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "escalation": "6219a14f-1925-5a2f-9ad8-9dcb5190f8bc", "axis": "care", "level": 2, "leads": "local-team", "contact": "duty desk", "acknowledgeBy": "2026-03-09T12:00:00Z"}}');
INSERT INTO "feed" VALUES(22,'nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "44a4ec18-56dd-5b3a-bde8-67e2356dac42", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T13:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "escalation": "99fd4418-9d26-5652-b0db-fb2fa128c420", "axis": "safety", "level": 3, "leads": "director", "contact": "duty desk", "acknowledgeBy": "2026-03-04T13:00:00Z"}}');
INSERT INTO "feed" VALUES(31,'nl.vig.escalations.level-raised.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "7ff05b4b-f26d-593d-89dd-cc8f387d3619", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T13:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "escalation": "073c45c7-7720-5da1-9dfc-dd3df191d92e", "axis": "income", "level": 2, "leads": "social-services", "contact": "duty desk", "acknowledgeBy": "2026-03-09T13:00:00Z"}}');
INSERT INTO "feed" VALUES(42,'nl.vig.looks.looked-into.v1','cfc81393-b35c-5caf-8b83-a3a0a293292d','{"id": "b587d31f-db64-51b2-94be-834ce990945e", "type": "nl.vig.looks.looked-into.v1", "recordedAt": "2026-03-02T13:00:00Z", "family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "data": {"family": "cfc81393-b35c-5caf-8b83-a3a0a293292d", "who": "somebody", "role": "coordinator", "organisation": "neighbourhood-team", "what": "see-family"}}');
INSERT INTO "feed" VALUES(46,'nl.vig.escalations.level-raised.v1','59f74897-1107-56ef-82b8-b5778490a3a4','{"id": "dc41deaf-e0c2-54cc-964f-b1acc5f367b1", "type": "nl.vig.escalations.level-raised.v1", "recordedAt": "2026-03-02T13:00:00Z", "family": "59f74897-1107-56ef-82b8-b5778490a3a4", "data": {"family": "59f74897-1107-56ef-82b8-b5778490a3a4", "escalation": "763db4c3-3bc1-56ab-80cf-0387c810ebe3", "axis": "income", "level": 2, "leads": "social-services", "contact": "duty desk", "acknowledgeBy": "2026-03-09T13:00:00Z"}}');
CREATE TABLE positions (
	follower TEXT NOT NULL,
	position BIGINT NOT NULL,
	shape TEXT NOT NULL,
	PRIMARY KEY (follower)
);
INSERT INTO "positions" VALUES('feed',51,'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
INSERT INTO "positions" VALUES('webhook',51,'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
CREATE TABLE receivers (
	receiver VARCHAR(80) NOT NULL,
	last_sequence INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	paused_until VARCHAR(32) NOT NULL,
	retired_callback TEXT NOT NULL,
	PRIMARY KEY (receiver)
);
INSERT INTO "receivers" VALUES('police',1,1,'2026-03-02T13:00:03.803253+00:00','');
CREATE INDEX feed_of_family ON feed (family, position);
CREATE INDEX deliveries_due ON deliveries (receiver, next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_of_family ON deliveries (receiver, family, sequence) WHERE state = 'waiting';
COMMIT;
