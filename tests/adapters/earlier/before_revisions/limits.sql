BEGIN TRANSACTION;
CREATE TABLE taken (
	organisation VARCHAR(80) NOT NULL,
	day VARCHAR(10) NOT NULL,
	many BIGINT NOT NULL,
	PRIMARY KEY (organisation, day)
);
INSERT INTO "taken" VALUES('any-partner','2026-03-02',9);
COMMIT;
