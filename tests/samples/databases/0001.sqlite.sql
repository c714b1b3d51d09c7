-- A database as the first schema (0001) left it, with rows in every table. It must open for ever: see
-- tests/contract/test_store_upgrade.py. Never change it; a new schema gets a file of its own.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit (
	audit_id INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	channel_id VARCHAR(64) NOT NULL, 
	mail_id VARCHAR(128) NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (audit_id)
);
INSERT INTO "audit" VALUES(1,1795429200000000,'U0ADA00001','subscribe','C0REPORTS2','d5a59a898b634d75be5584f8dc159c62','due 09:30 on weekdays, 20 min of grace');
INSERT INTO "audit" VALUES(2,1795435620000000,'U0ADA00001','run','C0REPORTS2','9f1d2c77a1b34e5e8a6f0c3d5b7e9a12','');
CREATE TABLE call_slots (
	name VARCHAR(16) NOT NULL, 
	free_at BIGINT NOT NULL, 
	CONSTRAINT pk_call_slots PRIMARY KEY (name)
);
INSERT INTO "call_slots" VALUES('bot',1700000000000000);
CREATE TABLE channels (
	channel_id VARCHAR(64) NOT NULL, 
	paused_reason VARCHAR(64) NOT NULL, 
	paused_at BIGINT NOT NULL, 
	CONSTRAINT pk_channels PRIMARY KEY (channel_id)
);
INSERT INTO "channels" VALUES('C0OLDREP07','is_archived',1795435440000000);
CREATE TABLE counters (
	name VARCHAR(32) NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('watches',10);
CREATE TABLE holds (
	method VARCHAR(64) NOT NULL, 
	set_at BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	CONSTRAINT pk_holds PRIMARY KEY (method)
);
INSERT INTO "holds" VALUES('chat.postMessage',1795435620000000,1795435680000000);
CREATE TABLE incidents (
	incident_id VARCHAR(32) NOT NULL, 
	mail_id VARCHAR(128) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	opened_at BIGINT NOT NULL, 
	began_at BIGINT NOT NULL, 
	failed_runs INTEGER NOT NULL, 
	missed_runs INTEGER NOT NULL, 
	last_run_key VARCHAR(64) NOT NULL, 
	last_task_id BIGINT, 
	last_exec_at BIGINT, 
	last_sent_at BIGINT, 
	expected_at BIGINT, 
	started_at BIGINT, 
	closed_at BIGINT, 
	good_exec_at BIGINT, 
	cause TEXT NOT NULL, 
	request_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_incidents PRIMARY KEY (incident_id)
);
INSERT INTO "incidents" VALUES('90fefe25fa0a4d018a6cf19342e6cde1','d5a59a898b634d75be5584f8dc159c62','failed','firing',1795435320000000,1795435260000000,1,0,'7218865303929605212',7218865303929605212,1795435260000000,1795345200000000,NULL,NULL,NULL,NULL,'','R-1',1);
INSERT INTO "incidents" VALUES('4452c9ab759a412bb88e94e801c6b714','2342526','failed','recovered',1795432860000000,1795432800000000,1,0,'11',11,1795432800000000,NULL,NULL,NULL,1795433460000000,1795433400000000,'','R-1',2);
INSERT INTO "incidents" VALUES('1918ab12735945b997e1a132fe87098b','03e40cf2355c48b2abb6c2b247048ed3','stuck','firing',1795435200000000,1795434000000000,0,0,'21',21,1795434000000000,NULL,NULL,NULL,NULL,NULL,'','',1);
CREATE TABLE lease (
	name VARCHAR(16) NOT NULL, 
	holder VARCHAR(64) NOT NULL, 
	term BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_lease PRIMARY KEY (name)
);
INSERT INTO "lease" VALUES('bot','replica-1',1,1700000000000000);
CREATE TABLE mails (
	mail_id VARCHAR(128) NOT NULL, 
	name TEXT NOT NULL, 
	owner_name TEXT NOT NULL, 
	paused BOOLEAN NOT NULL, 
	seen_at BIGINT NOT NULL, 
	gone_at BIGINT, 
	CONSTRAINT pk_mails PRIMARY KEY (mail_id)
);
INSERT INTO "mails" VALUES('d5a59a898b634d75be5584f8dc159c62','Daily Sales','Ada',0,1795428000000000,NULL);
INSERT INTO "mails" VALUES('2342526','Weekly Ops','Bob',0,1795428000000000,NULL);
INSERT INTO "mails" VALUES('03e40cf2355c48b2abb6c2b247048ed3','销售日报 <!channel>','Ada & Bob',0,1795428000000000,NULL);
INSERT INTO "mails" VALUES('9f1d2c77a1b34e5e8a6f0c3d5b7e9a12','Month-end Close','',0,1795435560000000,NULL);
CREATE TABLE manual_runs (
	manual_run_id VARCHAR(32) NOT NULL, 
	claim_key VARCHAR(255) NOT NULL, 
	mail_id VARCHAR(128) NOT NULL, 
	channel_id VARCHAR(64) NOT NULL, 
	message_ts VARCHAR(32) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	previous_run_key VARCHAR(64) NOT NULL, 
	claimed_at BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	run_key VARCHAR(64) NOT NULL, 
	ended_at BIGINT, 
	CONSTRAINT pk_manual_runs PRIMARY KEY (manual_run_id), 
	CONSTRAINT uq_manual_runs_claim_key UNIQUE (claim_key)
);
INSERT INTO "manual_runs" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','7.1.trigger','9f1d2c77a1b34e5e8a6f0c3d5b7e9a12','C0REPORTS2','1795435000.000200','U0ADA00001','',1795435620000000,'started','',NULL);
CREATE TABLE notices (
	notice_id INTEGER NOT NULL, 
	dedupe_key TEXT NOT NULL, 
	channel_id VARCHAR(64) NOT NULL, 
	reason VARCHAR(24) NOT NULL, 
	incident_id VARCHAR(32), 
	version INTEGER NOT NULL, 
	subject_id VARCHAR(128) NOT NULL, 
	detail TEXT NOT NULL, 
	since BIGINT, 
	created_at BIGINT NOT NULL, 
	not_before BIGINT, 
	post_id VARCHAR(32), 
	is_folded BOOLEAN NOT NULL, 
	may_repeat BOOLEAN NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY (notice_id), 
	CONSTRAINT uq_notices_dedupe_key UNIQUE (dedupe_key)
);
INSERT INTO "notices" VALUES(1,'C0REPORTS2:90fefe25fa0a4d018a6cf19342e6cde1:1','C0REPORTS2','first_failure','90fefe25fa0a4d018a6cf19342e6cde1',1,'','',NULL,1795435320000000,NULL,'00fd57619070417ebfdb66007031466c',0,0);
INSERT INTO "notices" VALUES(2,'C0FINANCE4:90fefe25fa0a4d018a6cf19342e6cde1:1','C0FINANCE4','first_failure','90fefe25fa0a4d018a6cf19342e6cde1',1,'','',NULL,1795435320000000,NULL,NULL,0,0);
INSERT INTO "notices" VALUES(3,'C0REPORTS2:4452c9ab759a412bb88e94e801c6b714:1','C0REPORTS2','first_failure','4452c9ab759a412bb88e94e801c6b714',1,'','',NULL,1795432860000000,NULL,'9161d5f8234a4d43b62a99561e7b9062',0,0);
INSERT INTO "notices" VALUES(4,'C0OLDREP07:4452c9ab759a412bb88e94e801c6b714:1','C0OLDREP07','first_failure','4452c9ab759a412bb88e94e801c6b714',1,'','',NULL,1795432860000000,NULL,NULL,0,0);
INSERT INTO "notices" VALUES(5,'C0REPORTS2:4452c9ab759a412bb88e94e801c6b714:2','C0REPORTS2','recovered','4452c9ab759a412bb88e94e801c6b714',2,'','',NULL,1795433460000000,NULL,'be4df0265c334fd0bfd589d85b14a722',0,0);
INSERT INTO "notices" VALUES(6,'C0OLDREP07:4452c9ab759a412bb88e94e801c6b714:2','C0OLDREP07','recovered','4452c9ab759a412bb88e94e801c6b714',2,'','',NULL,1795433460000000,NULL,NULL,0,0);
INSERT INTO "notices" VALUES(7,'U0BOB00002:C0OLDREP07:closed:1795435440000000','U0BOB00002','channel_lost',NULL,0,'C0OLDREP07','is_archived 1',NULL,1795435440000000,NULL,NULL,0,0);
INSERT INTO "notices" VALUES(8,'C0FINANCE4:C0OLDREP07:closed:1795435440000000','C0FINANCE4','channel_lost',NULL,0,'C0OLDREP07','is_archived 1',NULL,1795435440000000,NULL,NULL,0,0);
INSERT INTO "notices" VALUES(9,'C0REPORTS2:1918ab12735945b997e1a132fe87098b:1','C0REPORTS2','stuck','1918ab12735945b997e1a132fe87098b',1,'','',NULL,1795435200000000,NULL,'432196134a614465a2c84cee7286083d',0,0);
INSERT INTO "notices" VALUES(10,'C0REPORTS2:9f1d2c77a1b34e5e8a6f0c3d5b7e9a12:mail_unpaused:1795435560000000','C0REPORTS2','mail_unpaused',NULL,0,'9f1d2c77a1b34e5e8a6f0c3d5b7e9a12','',NULL,1795435560000000,NULL,NULL,0,0);
CREATE TABLE outages (
	outage_id VARCHAR(32) NOT NULL, 
	began_at BIGINT NOT NULL, 
	cause TEXT NOT NULL, 
	told_at BIGINT, 
	ended_at BIGINT, 
	CONSTRAINT pk_outages PRIMARY KEY (outage_id)
);
INSERT INTO "outages" VALUES('00000000000000000000000000000007',1795435680000000,'Throttling.User',NULL,NULL);
CREATE TABLE post_items (
	post_id VARCHAR(32) NOT NULL, 
	incident_id VARCHAR(32) NOT NULL, 
	since INTEGER NOT NULL, 
	CONSTRAINT pk_post_items PRIMARY KEY (post_id, incident_id), 
	CONSTRAINT fk_post_items_post_id FOREIGN KEY(post_id) REFERENCES posts (post_id) ON DELETE CASCADE
);
INSERT INTO "post_items" VALUES('00fd57619070417ebfdb66007031466c','90fefe25fa0a4d018a6cf19342e6cde1',1);
INSERT INTO "post_items" VALUES('9161d5f8234a4d43b62a99561e7b9062','4452c9ab759a412bb88e94e801c6b714',1);
INSERT INTO "post_items" VALUES('432196134a614465a2c84cee7286083d','1918ab12735945b997e1a132fe87098b',1);
CREATE TABLE posts (
	post_id VARCHAR(32) NOT NULL, 
	channel_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	root_id VARCHAR(32), 
	ts VARCHAR(32), 
	wanted INTEGER NOT NULL, 
	shown INTEGER NOT NULL, 
	claimed_at BIGINT NOT NULL, 
	settle_at BIGINT NOT NULL, 
	sent_at BIGINT, 
	term BIGINT NOT NULL, 
	may_repeat BOOLEAN NOT NULL, 
	CONSTRAINT pk_posts PRIMARY KEY (post_id)
);
INSERT INTO "posts" VALUES('00fd57619070417ebfdb66007031466c','C0REPORTS2','root','sent',NULL,'1795435380.000100',1,1,1795435380000000,1795435395000000,1795435380000000,1,0);
INSERT INTO "posts" VALUES('9161d5f8234a4d43b62a99561e7b9062','C0REPORTS2','root','sent',NULL,'1795432860.000100',2,2,1795432860000000,1795432875000000,1795432860000000,1,0);
INSERT INTO "posts" VALUES('be4df0265c334fd0bfd589d85b14a722','C0REPORTS2','reply','sent','9161d5f8234a4d43b62a99561e7b9062','1795433520.000100',1,1,1795433520000000,1795433535000000,1795433520000000,1,0);
INSERT INTO "posts" VALUES('432196134a614465a2c84cee7286083d','C0REPORTS2','root','unsure',NULL,NULL,1,1,1795435500000000,1795435503000000,NULL,1,0);
CREATE TABLE runs (
	mail_id VARCHAR(128) NOT NULL, 
	run_key VARCHAR(64) NOT NULL, 
	task_id BIGINT, 
	exec_at BIGINT, 
	status VARCHAR(16) NOT NULL, 
	status_word TEXT NOT NULL, 
	first_seen_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	is_baseline BOOLEAN NOT NULL, 
	counted_in VARCHAR(32), 
	request_id TEXT NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (mail_id, run_key)
);
INSERT INTO "runs" VALUES('d5a59a898b634d75be5584f8dc159c62','7218865303929605211',7218865303929605211,1795345200000000,'SENT','SENT',1795429200000000,1795429200000000,1,NULL,'R-0');
INSERT INTO "runs" VALUES('d5a59a898b634d75be5584f8dc159c62','7218865303929605212',7218865303929605212,1795435260000000,'FAILED','FAILED',1795435320000000,1795435320000000,0,'90fefe25fa0a4d018a6cf19342e6cde1','R-1');
INSERT INTO "runs" VALUES('2342526','11',11,1795432800000000,'FAILED','FAILED',1795432860000000,1795432860000000,0,'4452c9ab759a412bb88e94e801c6b714','R-1');
INSERT INTO "runs" VALUES('2342526','12',12,1795433400000000,'SENT','SENT',1795433460000000,1795433460000000,0,NULL,'R-1');
INSERT INTO "runs" VALUES('03e40cf2355c48b2abb6c2b247048ed3','21',21,1795434000000000,'PROCESSING','PROCESSING',1795434060000000,NULL,0,NULL,'R-1');
CREATE TABLE subscriptions (
	channel_id VARCHAR(64) NOT NULL, 
	mail_id VARCHAR(128) NOT NULL, 
	team_id VARCHAR(64) NOT NULL, 
	created_by VARCHAR(64) NOT NULL, 
	created_at BIGINT NOT NULL, 
	due TEXT, 
	events TEXT NOT NULL, 
	late_learned BOOLEAN NOT NULL, 
	snoozed_until BIGINT, 
	snoozed_until_recovered BOOLEAN NOT NULL, 
	CONSTRAINT pk_subscriptions PRIMARY KEY (channel_id, mail_id)
);
INSERT INTO "subscriptions" VALUES('C0REPORTS2','d5a59a898b634d75be5584f8dc159c62','T0','U0ADA00001',1795429200000000,'09:30 0,1,2,3,4 1200','failed,late,recovered,stuck',1,NULL,0);
INSERT INTO "subscriptions" VALUES('C0FINANCE4','d5a59a898b634d75be5584f8dc159c62','T0','U0BOB00002',1795429800000000,NULL,'failed,recovered',0,NULL,0);
INSERT INTO "subscriptions" VALUES('C0REPORTS2','2342526','T0','U0ADA00001',1795430400000000,NULL,'failed,late,recovered,stuck',1,NULL,0);
INSERT INTO "subscriptions" VALUES('C0REPORTS2','03e40cf2355c48b2abb6c2b247048ed3','T0','U0ADA00001',1795430400000000,NULL,'failed,late,recovered,stuck',1,NULL,0);
INSERT INTO "subscriptions" VALUES('C0REPORTS2','9f1d2c77a1b34e5e8a6f0c3d5b7e9a12','T0','U0ADA00001',1795430400000000,NULL,'failed,late,recovered,stuck',1,1795453200000000,0);
INSERT INTO "subscriptions" VALUES('C0OLDREP07','2342526','T0','U0BOB00002',1795431000000000,NULL,'failed,late,recovered,stuck',1,NULL,0);
CREATE TABLE watches (
	mail_id VARCHAR(128) NOT NULL, 
	is_watched BOOLEAN NOT NULL, 
	has_baseline BOOLEAN NOT NULL, 
	memory TEXT, 
	looked_at BIGINT, 
	denied_at BIGINT, 
	expects_run_at BIGINT, 
	change_no BIGINT NOT NULL, 
	CONSTRAINT pk_watches PRIMARY KEY (mail_id)
);
INSERT INTO "watches" VALUES('d5a59a898b634d75be5584f8dc159c62',1,1,'{"v": 1}',1795435320000000,NULL,NULL,7);
INSERT INTO "watches" VALUES('2342526',1,1,NULL,1795433460000000,NULL,NULL,6);
INSERT INTO "watches" VALUES('03e40cf2355c48b2abb6c2b247048ed3',1,1,NULL,1795435200000000,NULL,NULL,4);
INSERT INTO "watches" VALUES('9f1d2c77a1b34e5e8a6f0c3d5b7e9a12',1,1,NULL,NULL,NULL,1795435620000000,10);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_incidents_mail_id_opened_at ON incidents (mail_id, opened_at);
CREATE UNIQUE INDEX uq_incidents_firing ON incidents (mail_id) WHERE state = 'firing';
CREATE INDEX ix_manual_runs_mail_id_claimed_at ON manual_runs (mail_id, claimed_at);
CREATE UNIQUE INDEX uq_manual_runs_open ON manual_runs (mail_id) WHERE ended_at is null;
CREATE INDEX ix_notices_incident_id ON notices (incident_id);
CREATE INDEX ix_notices_owed ON notices (channel_id) WHERE post_id is null and is_folded = 0;
CREATE INDEX ix_notices_post_id ON notices (post_id);
CREATE INDEX ix_posts_channel_id_sent_at ON posts (channel_id, sent_at);
CREATE INDEX ix_posts_claimed_at ON posts (claimed_at);
CREATE INDEX ix_posts_sending ON posts (term) WHERE state = 'sending';
CREATE INDEX ix_posts_stale ON posts (channel_id) WHERE wanted > shown and state = 'sent';
CREATE INDEX ix_posts_unsure ON posts (channel_id) WHERE state = 'unsure';
CREATE INDEX ix_runs_first_seen_at ON runs (first_seen_at);
CREATE INDEX ix_runs_mail_id_exec_at ON runs (mail_id, exec_at);
CREATE INDEX ix_subscriptions_mail_id ON subscriptions (mail_id);
CREATE INDEX ix_watches_change_no ON watches (change_no);
CREATE INDEX ix_post_items_incident_id ON post_items (incident_id);
COMMIT;
