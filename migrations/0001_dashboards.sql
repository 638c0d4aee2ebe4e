-- Dashboards and every version that was ever saved of them.

CREATE TABLE dashboards (
    uid          TEXT    NOT NULL PRIMARY KEY,
    -- What lists and searches need, taken from the newest version.
    title        TEXT    NOT NULL,
    title_folded TEXT    NOT NULL, -- lower case, for searching
    description  TEXT    NOT NULL,
    panels       BIGINT  NOT NULL,
    latest       BIGINT  NOT NULL, -- number of the newest version
    updated_ms   BIGINT  NOT NULL, -- milliseconds since the epoch
    author       TEXT    NOT NULL, -- of the newest version
    provisioned  BOOLEAN NOT NULL  -- comes from a file and cannot be saved
);

CREATE INDEX dashboards_by_title ON dashboards (title_folded, uid);

CREATE TABLE dashboard_versions (
    uid        TEXT   NOT NULL REFERENCES dashboards (uid) ON DELETE CASCADE,
    version    BIGINT NOT NULL, -- counts from 1
    document   TEXT   NOT NULL, -- JSON as the dashboard crate writes it
    author     TEXT   NOT NULL,
    message    TEXT   NOT NULL,
    created_ms BIGINT NOT NULL, -- milliseconds since the epoch
    PRIMARY KEY (uid, version)
);

CREATE TABLE dashboard_tags (
    uid TEXT NOT NULL REFERENCES dashboards (uid) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (uid, tag)
);

CREATE INDEX dashboard_tags_by_tag ON dashboard_tags (tag);
