-- A database as the first schema (0001) left it, with rows in every table. It must open for ever: see
-- tests/contract/test_store_upgrade.py. Never change it; a new schema gets a file of its own.
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.audit (
    audit_id bigint NOT NULL,
    at bigint NOT NULL,
    user_id character varying(64) NOT NULL,
    action character varying(32) NOT NULL,
    channel_id character varying(64) NOT NULL,
    mail_id character varying(128) NOT NULL,
    detail text NOT NULL
);
CREATE SEQUENCE public.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_audit_id_seq OWNED BY public.audit.audit_id;
CREATE TABLE public.call_slots (
    name character varying(16) NOT NULL,
    free_at bigint NOT NULL
);
CREATE TABLE public.channels (
    channel_id character varying(64) NOT NULL,
    paused_reason character varying(64) NOT NULL,
    paused_at bigint NOT NULL
);
CREATE TABLE public.counters (
    name character varying(32) NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE public.holds (
    method character varying(64) NOT NULL,
    set_at bigint NOT NULL,
    until bigint NOT NULL
);
CREATE TABLE public.incidents (
    incident_id character varying(32) NOT NULL,
    mail_id character varying(128) NOT NULL,
    kind character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    opened_at bigint NOT NULL,
    began_at bigint NOT NULL,
    failed_runs integer NOT NULL,
    missed_runs integer NOT NULL,
    last_run_key character varying(64) NOT NULL,
    last_task_id bigint,
    last_exec_at bigint,
    last_sent_at bigint,
    expected_at bigint,
    started_at bigint,
    closed_at bigint,
    good_exec_at bigint,
    cause text NOT NULL,
    request_id text NOT NULL,
    version integer NOT NULL
);
CREATE TABLE public.lease (
    name character varying(16) NOT NULL,
    holder character varying(64) NOT NULL,
    term bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.mails (
    mail_id character varying(128) NOT NULL,
    name text NOT NULL,
    owner_name text NOT NULL,
    paused boolean NOT NULL,
    seen_at bigint NOT NULL,
    gone_at bigint
);
CREATE TABLE public.manual_runs (
    manual_run_id character varying(32) NOT NULL,
    claim_key character varying(255) NOT NULL,
    mail_id character varying(128) NOT NULL,
    channel_id character varying(64) NOT NULL,
    message_ts character varying(32) NOT NULL,
    user_id character varying(64) NOT NULL,
    previous_run_key character varying(64) NOT NULL,
    claimed_at bigint NOT NULL,
    state character varying(16) NOT NULL,
    run_key character varying(64) NOT NULL,
    ended_at bigint
);
CREATE TABLE public.notices (
    notice_id bigint NOT NULL,
    dedupe_key text NOT NULL,
    channel_id character varying(64) NOT NULL,
    reason character varying(24) NOT NULL,
    incident_id character varying(32),
    version integer NOT NULL,
    subject_id character varying(128) NOT NULL,
    detail text NOT NULL,
    since bigint,
    created_at bigint NOT NULL,
    not_before bigint,
    post_id character varying(32),
    is_folded boolean NOT NULL,
    may_repeat boolean NOT NULL
);
CREATE SEQUENCE public.notices_notice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.notices_notice_id_seq OWNED BY public.notices.notice_id;
CREATE TABLE public.outages (
    outage_id character varying(32) NOT NULL,
    began_at bigint NOT NULL,
    cause text NOT NULL,
    told_at bigint,
    ended_at bigint
);
CREATE TABLE public.post_items (
    post_id character varying(32) NOT NULL,
    incident_id character varying(32) NOT NULL,
    since integer NOT NULL
);
CREATE TABLE public.posts (
    post_id character varying(32) NOT NULL,
    channel_id character varying(64) NOT NULL,
    kind character varying(8) NOT NULL,
    state character varying(8) NOT NULL,
    root_id character varying(32),
    ts character varying(32),
    wanted integer NOT NULL,
    shown integer NOT NULL,
    claimed_at bigint NOT NULL,
    settle_at bigint NOT NULL,
    sent_at bigint,
    term bigint NOT NULL,
    may_repeat boolean NOT NULL
);
CREATE TABLE public.runs (
    mail_id character varying(128) NOT NULL,
    run_key character varying(64) NOT NULL,
    task_id bigint,
    exec_at bigint,
    status character varying(16) NOT NULL,
    status_word text NOT NULL,
    first_seen_at bigint NOT NULL,
    ended_at bigint,
    is_baseline boolean NOT NULL,
    counted_in character varying(32),
    request_id text NOT NULL
);
CREATE TABLE public.subscriptions (
    channel_id character varying(64) NOT NULL,
    mail_id character varying(128) NOT NULL,
    team_id character varying(64) NOT NULL,
    created_by character varying(64) NOT NULL,
    created_at bigint NOT NULL,
    due text,
    events text NOT NULL,
    late_learned boolean NOT NULL,
    snoozed_until bigint,
    snoozed_until_recovered boolean NOT NULL
);
CREATE TABLE public.watches (
    mail_id character varying(128) NOT NULL,
    is_watched boolean NOT NULL,
    has_baseline boolean NOT NULL,
    memory text,
    looked_at bigint,
    denied_at bigint,
    expects_run_at bigint,
    change_no bigint NOT NULL
);
ALTER TABLE ONLY public.audit ALTER COLUMN audit_id SET DEFAULT nextval('public.audit_audit_id_seq'::regclass);
ALTER TABLE ONLY public.notices ALTER COLUMN notice_id SET DEFAULT nextval('public.notices_notice_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.audit VALUES (1, 1795429200000000, 'U0ADA00001', 'subscribe', 'C0REPORTS2', 'd5a59a898b634d75be5584f8dc159c62', 'due 09:30 on weekdays, 20 min of grace');
INSERT INTO public.audit VALUES (2, 1795435620000000, 'U0ADA00001', 'run', 'C0REPORTS2', '9f1d2c77a1b34e5e8a6f0c3d5b7e9a12', '');
INSERT INTO public.call_slots VALUES ('bot', 1700000000000000);
INSERT INTO public.channels VALUES ('C0OLDREP07', 'is_archived', 1795435440000000);
INSERT INTO public.counters VALUES ('watches', 10);
INSERT INTO public.holds VALUES ('chat.postMessage', 1795435620000000, 1795435680000000);
INSERT INTO public.incidents VALUES ('0da34b74bddd45f892747f063634775e', 'd5a59a898b634d75be5584f8dc159c62', 'failed', 'firing', 1795435320000000, 1795435260000000, 1, 0, '7218865303929605212', 7218865303929605212, 1795435260000000, 1795345200000000, NULL, NULL, NULL, NULL, '', 'R-1', 1);
INSERT INTO public.incidents VALUES ('1d16717ad41f464eb193cd1ec7398d8a', '2342526', 'failed', 'recovered', 1795432860000000, 1795432800000000, 1, 0, '11', 11, 1795432800000000, NULL, NULL, NULL, 1795433460000000, 1795433400000000, '', 'R-1', 2);
INSERT INTO public.incidents VALUES ('c0500b91371b45ddb057bf1147a1afe1', '03e40cf2355c48b2abb6c2b247048ed3', 'stuck', 'firing', 1795435200000000, 1795434000000000, 0, 0, '21', 21, 1795434000000000, NULL, NULL, NULL, NULL, NULL, '', '', 1);
INSERT INTO public.lease VALUES ('bot', 'replica-1', 1, 1700000000000000);
INSERT INTO public.mails VALUES ('d5a59a898b634d75be5584f8dc159c62', 'Daily Sales', 'Ada', false, 1795428000000000, NULL);
INSERT INTO public.mails VALUES ('2342526', 'Weekly Ops', 'Bob', false, 1795428000000000, NULL);
INSERT INTO public.mails VALUES ('03e40cf2355c48b2abb6c2b247048ed3', '销售日报 <!channel>', 'Ada & Bob', false, 1795428000000000, NULL);
INSERT INTO public.mails VALUES ('9f1d2c77a1b34e5e8a6f0c3d5b7e9a12', 'Month-end Close', '', false, 1795435560000000, NULL);
INSERT INTO public.manual_runs VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '7.1.trigger', '9f1d2c77a1b34e5e8a6f0c3d5b7e9a12', 'C0REPORTS2', '1795435000.000200', 'U0ADA00001', '', 1795435620000000, 'started', '', NULL);
INSERT INTO public.notices VALUES (2, 'C0FINANCE4:0da34b74bddd45f892747f063634775e:1', 'C0FINANCE4', 'first_failure', '0da34b74bddd45f892747f063634775e', 1, '', '', NULL, 1795435320000000, NULL, NULL, false, false);
INSERT INTO public.notices VALUES (1, 'C0REPORTS2:0da34b74bddd45f892747f063634775e:1', 'C0REPORTS2', 'first_failure', '0da34b74bddd45f892747f063634775e', 1, '', '', NULL, 1795435320000000, NULL, 'c1b611940aa04cfdbcddb6cc73ff897b', false, false);
INSERT INTO public.notices VALUES (4, 'C0OLDREP07:1d16717ad41f464eb193cd1ec7398d8a:1', 'C0OLDREP07', 'first_failure', '1d16717ad41f464eb193cd1ec7398d8a', 1, '', '', NULL, 1795432860000000, NULL, NULL, false, false);
INSERT INTO public.notices VALUES (3, 'C0REPORTS2:1d16717ad41f464eb193cd1ec7398d8a:1', 'C0REPORTS2', 'first_failure', '1d16717ad41f464eb193cd1ec7398d8a', 1, '', '', NULL, 1795432860000000, NULL, 'd51434cd575249f1ae7c43fc87b2a0e7', false, false);
INSERT INTO public.notices VALUES (6, 'C0OLDREP07:1d16717ad41f464eb193cd1ec7398d8a:2', 'C0OLDREP07', 'recovered', '1d16717ad41f464eb193cd1ec7398d8a', 2, '', '', NULL, 1795433460000000, NULL, NULL, false, false);
INSERT INTO public.notices VALUES (5, 'C0REPORTS2:1d16717ad41f464eb193cd1ec7398d8a:2', 'C0REPORTS2', 'recovered', '1d16717ad41f464eb193cd1ec7398d8a', 2, '', '', NULL, 1795433460000000, NULL, '878102d479be4762a23edef0d6761046', false, false);
INSERT INTO public.notices VALUES (7, 'U0BOB00002:C0OLDREP07:closed:1795435440000000', 'U0BOB00002', 'channel_lost', NULL, 0, 'C0OLDREP07', 'is_archived 1', NULL, 1795435440000000, NULL, NULL, false, false);
INSERT INTO public.notices VALUES (8, 'C0FINANCE4:C0OLDREP07:closed:1795435440000000', 'C0FINANCE4', 'channel_lost', NULL, 0, 'C0OLDREP07', 'is_archived 1', NULL, 1795435440000000, NULL, NULL, false, false);
INSERT INTO public.notices VALUES (9, 'C0REPORTS2:c0500b91371b45ddb057bf1147a1afe1:1', 'C0REPORTS2', 'stuck', 'c0500b91371b45ddb057bf1147a1afe1', 1, '', '', NULL, 1795435200000000, NULL, '066535c98de342c39a111c032cc438a7', false, false);
INSERT INTO public.notices VALUES (10, 'C0REPORTS2:9f1d2c77a1b34e5e8a6f0c3d5b7e9a12:mail_unpaused:1795435560000000', 'C0REPORTS2', 'mail_unpaused', NULL, 0, '9f1d2c77a1b34e5e8a6f0c3d5b7e9a12', '', NULL, 1795435560000000, NULL, NULL, false, false);
INSERT INTO public.outages VALUES ('00000000000000000000000000000007', 1795435680000000, 'Throttling.User', NULL, NULL);
INSERT INTO public.post_items VALUES ('c1b611940aa04cfdbcddb6cc73ff897b', '0da34b74bddd45f892747f063634775e', 1);
INSERT INTO public.post_items VALUES ('d51434cd575249f1ae7c43fc87b2a0e7', '1d16717ad41f464eb193cd1ec7398d8a', 1);
INSERT INTO public.post_items VALUES ('066535c98de342c39a111c032cc438a7', 'c0500b91371b45ddb057bf1147a1afe1', 1);
INSERT INTO public.posts VALUES ('c1b611940aa04cfdbcddb6cc73ff897b', 'C0REPORTS2', 'root', 'sent', NULL, '1795435380.000100', 1, 1, 1795435380000000, 1795435395000000, 1795435380000000, 1, false);
INSERT INTO public.posts VALUES ('d51434cd575249f1ae7c43fc87b2a0e7', 'C0REPORTS2', 'root', 'sent', NULL, '1795432860.000100', 2, 2, 1795432860000000, 1795432875000000, 1795432860000000, 1, false);
INSERT INTO public.posts VALUES ('878102d479be4762a23edef0d6761046', 'C0REPORTS2', 'reply', 'sent', 'd51434cd575249f1ae7c43fc87b2a0e7', '1795433520.000100', 1, 1, 1795433520000000, 1795433535000000, 1795433520000000, 1, false);
INSERT INTO public.posts VALUES ('066535c98de342c39a111c032cc438a7', 'C0REPORTS2', 'root', 'unsure', NULL, NULL, 1, 1, 1795435500000000, 1795435503000000, NULL, 1, false);
INSERT INTO public.runs VALUES ('d5a59a898b634d75be5584f8dc159c62', '7218865303929605211', 7218865303929605211, 1795345200000000, 'SENT', 'SENT', 1795429200000000, 1795429200000000, true, NULL, 'R-0');
INSERT INTO public.runs VALUES ('d5a59a898b634d75be5584f8dc159c62', '7218865303929605212', 7218865303929605212, 1795435260000000, 'FAILED', 'FAILED', 1795435320000000, 1795435320000000, false, '0da34b74bddd45f892747f063634775e', 'R-1');
INSERT INTO public.runs VALUES ('2342526', '11', 11, 1795432800000000, 'FAILED', 'FAILED', 1795432860000000, 1795432860000000, false, '1d16717ad41f464eb193cd1ec7398d8a', 'R-1');
INSERT INTO public.runs VALUES ('2342526', '12', 12, 1795433400000000, 'SENT', 'SENT', 1795433460000000, 1795433460000000, false, NULL, 'R-1');
INSERT INTO public.runs VALUES ('03e40cf2355c48b2abb6c2b247048ed3', '21', 21, 1795434000000000, 'PROCESSING', 'PROCESSING', 1795434060000000, NULL, false, NULL, 'R-1');
INSERT INTO public.subscriptions VALUES ('C0REPORTS2', 'd5a59a898b634d75be5584f8dc159c62', 'T0', 'U0ADA00001', 1795429200000000, '09:30 0,1,2,3,4 1200', 'failed,late,recovered,stuck', true, NULL, false);
INSERT INTO public.subscriptions VALUES ('C0REPORTS2', '2342526', 'T0', 'U0ADA00001', 1795430400000000, NULL, 'failed,late,recovered,stuck', true, NULL, false);
INSERT INTO public.subscriptions VALUES ('C0REPORTS2', '03e40cf2355c48b2abb6c2b247048ed3', 'T0', 'U0ADA00001', 1795430400000000, NULL, 'failed,late,recovered,stuck', true, NULL, false);
INSERT INTO public.subscriptions VALUES ('C0OLDREP07', '2342526', 'T0', 'U0BOB00002', 1795431000000000, NULL, 'failed,late,recovered,stuck', true, NULL, false);
INSERT INTO public.subscriptions VALUES ('C0FINANCE4', 'd5a59a898b634d75be5584f8dc159c62', 'T0', 'U0BOB00002', 1795429800000000, NULL, 'failed,recovered', false, NULL, false);
INSERT INTO public.subscriptions VALUES ('C0REPORTS2', '9f1d2c77a1b34e5e8a6f0c3d5b7e9a12', 'T0', 'U0ADA00001', 1795430400000000, NULL, 'failed,late,recovered,stuck', true, 1795453200000000, false);
INSERT INTO public.watches VALUES ('d5a59a898b634d75be5584f8dc159c62', true, true, '{"v": 1}', 1795435320000000, NULL, NULL, 7);
INSERT INTO public.watches VALUES ('2342526', true, true, NULL, 1795433460000000, NULL, NULL, 6);
INSERT INTO public.watches VALUES ('03e40cf2355c48b2abb6c2b247048ed3', true, true, NULL, 1795435200000000, NULL, NULL, 4);
INSERT INTO public.watches VALUES ('9f1d2c77a1b34e5e8a6f0c3d5b7e9a12', true, true, NULL, NULL, NULL, 1795435620000000, 10);
SELECT pg_catalog.setval('public.audit_audit_id_seq', 2, true);
SELECT pg_catalog.setval('public.notices_notice_id_seq', 10, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (audit_id);
ALTER TABLE ONLY public.call_slots
    ADD CONSTRAINT pk_call_slots PRIMARY KEY (name);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT pk_channels PRIMARY KEY (channel_id);
ALTER TABLE ONLY public.counters
    ADD CONSTRAINT pk_counters PRIMARY KEY (name);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT pk_holds PRIMARY KEY (method);
ALTER TABLE ONLY public.incidents
    ADD CONSTRAINT pk_incidents PRIMARY KEY (incident_id);
ALTER TABLE ONLY public.lease
    ADD CONSTRAINT pk_lease PRIMARY KEY (name);
ALTER TABLE ONLY public.mails
    ADD CONSTRAINT pk_mails PRIMARY KEY (mail_id);
ALTER TABLE ONLY public.manual_runs
    ADD CONSTRAINT pk_manual_runs PRIMARY KEY (manual_run_id);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT pk_notices PRIMARY KEY (notice_id);
ALTER TABLE ONLY public.outages
    ADD CONSTRAINT pk_outages PRIMARY KEY (outage_id);
ALTER TABLE ONLY public.post_items
    ADD CONSTRAINT pk_post_items PRIMARY KEY (post_id, incident_id);
ALTER TABLE ONLY public.posts
    ADD CONSTRAINT pk_posts PRIMARY KEY (post_id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (mail_id, run_key);
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT pk_subscriptions PRIMARY KEY (channel_id, mail_id);
ALTER TABLE ONLY public.watches
    ADD CONSTRAINT pk_watches PRIMARY KEY (mail_id);
ALTER TABLE ONLY public.manual_runs
    ADD CONSTRAINT uq_manual_runs_claim_key UNIQUE (claim_key);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT uq_notices_dedupe_key UNIQUE (dedupe_key);
CREATE INDEX ix_audit_at ON public.audit USING btree (at);
CREATE INDEX ix_incidents_mail_id_opened_at ON public.incidents USING btree (mail_id, opened_at);
CREATE INDEX ix_manual_runs_mail_id_claimed_at ON public.manual_runs USING btree (mail_id, claimed_at);
CREATE INDEX ix_notices_incident_id ON public.notices USING btree (incident_id);
CREATE INDEX ix_notices_owed ON public.notices USING btree (channel_id) WHERE ((post_id IS NULL) AND (NOT is_folded));
CREATE INDEX ix_notices_post_id ON public.notices USING btree (post_id);
CREATE INDEX ix_post_items_incident_id ON public.post_items USING btree (incident_id);
CREATE INDEX ix_posts_channel_id_sent_at ON public.posts USING btree (channel_id, sent_at);
CREATE INDEX ix_posts_claimed_at ON public.posts USING btree (claimed_at);
CREATE INDEX ix_posts_sending ON public.posts USING btree (term) WHERE ((state)::text = 'sending'::text);
CREATE INDEX ix_posts_stale ON public.posts USING btree (channel_id) WHERE ((wanted > shown) AND ((state)::text = 'sent'::text));
CREATE INDEX ix_posts_unsure ON public.posts USING btree (channel_id) WHERE ((state)::text = 'unsure'::text);
CREATE INDEX ix_runs_first_seen_at ON public.runs USING btree (first_seen_at);
CREATE INDEX ix_runs_mail_id_exec_at ON public.runs USING btree (mail_id, exec_at);
CREATE INDEX ix_subscriptions_mail_id ON public.subscriptions USING btree (mail_id);
CREATE INDEX ix_watches_change_no ON public.watches USING btree (change_no);
CREATE UNIQUE INDEX uq_incidents_firing ON public.incidents USING btree (mail_id) WHERE ((state)::text = 'firing'::text);
CREATE UNIQUE INDEX uq_manual_runs_open ON public.manual_runs USING btree (mail_id) WHERE (ended_at IS NULL);
ALTER TABLE ONLY public.post_items
    ADD CONSTRAINT fk_post_items_post_id FOREIGN KEY (post_id) REFERENCES public.posts(post_id) ON DELETE CASCADE;
