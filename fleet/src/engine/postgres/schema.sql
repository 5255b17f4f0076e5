-- What a fleet keeps in PostgreSQL. Every statement can be run again.

CREATE TABLE IF NOT EXISTS fleet_worker (
    worker text PRIMARY KEY,
    until timestamptz NOT NULL
);

-- A row a shard, made with the tables. `changes` counts what owners did to the shard's triggers: whoever changes one takes the row first,
-- so that a worker that has heard of change 7 has heard of 6 as well.
CREATE TABLE IF NOT EXISTS fleet_shard (
    shard integer PRIMARY KEY,
    holder text,
    until timestamptz,
    epoch bigint NOT NULL DEFAULT 0,
    changes bigint NOT NULL DEFAULT 0
);

-- Room on each page, because every change writes a row anew.
CREATE TABLE IF NOT EXISTS fleet_trigger (
    tenant text NOT NULL,
    name text NOT NULL,
    shard integer NOT NULL,
    changed bigint NOT NULL,
    incarnation text NOT NULL,
    version bigint NOT NULL,
    epoch bigint NOT NULL,
    paused boolean NOT NULL,
    removed boolean NOT NULL,
    definition text NOT NULL,
    state bytea,
    written_by text,
    state_before bytea,
    written_by_before text,
    PRIMARY KEY (tenant, name)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS fleet_trigger_changed ON fleet_trigger (shard, changed);

CREATE TABLE IF NOT EXISTS fleet_outbox (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery text NOT NULL UNIQUE,
    tenant text NOT NULL,
    name text NOT NULL,
    definition text NOT NULL,
    body text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due timestamptz NOT NULL DEFAULT now(),
    queued timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS fleet_outbox_trigger ON fleet_outbox (tenant, name, sequence);
CREATE INDEX IF NOT EXISTS fleet_outbox_due ON fleet_outbox (due);

CREATE TABLE IF NOT EXISTS fleet_rollout (
    connector text PRIMARY KEY,
    rollout text NOT NULL
);
