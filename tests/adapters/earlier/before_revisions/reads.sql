BEGIN TRANSACTION;
CREATE TABLE lines (
	place INTEGER NOT NULL,
	nth INTEGER NOT NULL,
	span_id TEXT NOT NULL,
	subject TEXT NOT NULL,
	kind TEXT NOT NULL,
	family TEXT NOT NULL,
	PRIMARY KEY (place, nth),
	FOREIGN KEY(place) REFERENCES readings (place)
)
 WITHOUT ROWID
;
INSERT INTO "lines" VALUES(1,0,'98dd36bacaadbf66','','','');
INSERT INTO "lines" VALUES(1,1,'10287b2668a9f66f','accca880-5064-8817-ba50-68a57f3591cd','person','cfc81393-b35c-5caf-8b83-a3a0a293292d');
INSERT INTO "lines" VALUES(1,2,'b1bd7968980a4203','1f45d63f-2e42-8a50-945e-e15195d2a712','person','cfc81393-b35c-5caf-8b83-a3a0a293292d');
CREATE TABLE readings (
	place INTEGER NOT NULL,
	trace_id TEXT NOT NULL,
	span_id TEXT NOT NULL,
	parent_span_id TEXT NOT NULL,
	status TEXT NOT NULL,
	name TEXT NOT NULL,
	start_time INTEGER NOT NULL,
	end_time INTEGER NOT NULL,
	activity TEXT NOT NULL,
	handling TEXT NOT NULL,
	outcome TEXT NOT NULL,
	who TEXT NOT NULL,
	role TEXT NOT NULL,
	organisation TEXT NOT NULL,
	object_kind TEXT NOT NULL,
	object_reference TEXT NOT NULL,
	purpose TEXT NOT NULL,
	ground TEXT NOT NULL,
	processor TEXT NOT NULL,
	system TEXT NOT NULL,
	PRIMARY KEY (place)
);
INSERT INTO "readings" VALUES(1,'8da0738e6faabe0767e0ad282f2edd65','98dd36bacaadbf66','','Ok','getFamiliesById',1772456400000,1772456400000,'look-at-family','read','given','somebody','coordinator','neighbourhood-team','family','cfc81393-b35c-5caf-8b83-a3a0a293292d','coordinating-help','avg-6-1-e','','vig-hub 00000099000000000001');
CREATE INDEX readings_start ON readings (start_time);
CREATE INDEX readings_who ON readings (who, place);
CREATE TRIGGER readings_no_update BEFORE UPDATE ON readings BEGIN SELECT RAISE(ABORT, 'what was read is never changed'); END;
CREATE TRIGGER readings_no_delete BEFORE DELETE ON readings BEGIN SELECT RAISE(ABORT, 'what was read is never changed'); END;
CREATE INDEX lines_family ON lines (family, place);
CREATE INDEX lines_subject ON lines (subject, place);
CREATE TRIGGER lines_no_update BEFORE UPDATE ON lines BEGIN SELECT RAISE(ABORT, 'what was read is never changed'); END;
CREATE TRIGGER lines_no_delete BEFORE DELETE ON lines BEGIN SELECT RAISE(ABORT, 'what was read is never changed'); END;
COMMIT;
