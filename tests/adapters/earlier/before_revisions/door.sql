BEGIN TRANSACTION;
CREATE TABLE sessions (
	digest VARCHAR(64) NOT NULL,
	role TEXT NOT NULL,
	subject TEXT NOT NULL,
	organisation TEXT NOT NULL,
	issuer TEXT NOT NULL,
	issuer_subject TEXT NOT NULL,
	issuer_session TEXT NOT NULL,
	statement BLOB NOT NULL,
	begun INTEGER NOT NULL,
	used INTEGER NOT NULL,
	PRIMARY KEY (digest)
)
 WITHOUT ROWID
;
INSERT INTO "sessions" VALUES('0dd90e422613e2dfe358a45af816d92cf13e9bf0f00d85ec81b37fa30c68c28f','coordinator','anna','neighbourhood-team','https://login.example.org/realms/vig','subject-1','session-1',X'C5EC05B1983E1A5F6171F43FF849C5B15DA85C39E76AB5EECA0F1F4A5B8AC2DD010F7FAB3608DD',1772456400,1772456400);
CREATE TABLE taken (
	digest VARCHAR(64) NOT NULL,
	until INTEGER NOT NULL,
	PRIMARY KEY (digest)
)
 WITHOUT ROWID
;
INSERT INTO "taken" VALUES('71445fb0911fe05e98aebac92e9117665251364d692b5cc0710d693dc77963fa',2087812801);
CREATE INDEX ix_taken_until ON taken (until);
CREATE INDEX ix_sessions_issuer_session ON sessions (issuer_session);
CREATE INDEX ix_sessions_issuer_subject ON sessions (issuer_subject);
CREATE INDEX ix_sessions_begun ON sessions (begun);
COMMIT;
