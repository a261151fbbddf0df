-- What is bound and what is defined. Rows here are definitions: small, read-mostly, carried by pg_dump.

CREATE TABLE segmentation.binding (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text     NOT NULL CHECK (name <> '' AND char_length(name) <= 255),
  role       text     NOT NULL CHECK (role IN ('customers', 'source', 'lookup', 'set')),
  relation   regclass NOT NULL,
  of_id      integer,           -- the binding it hangs on; no foreign key to its own table, which pg_dump warns of
  key        name     NOT NULL,  -- customers: its key; source, set: its reference to `of`; lookup: the column of `of`
  of_key     name,               -- source, set: the column of `of` that key refers to
  lookup_key name,               -- lookup: its own key
  parent     name,               -- lookup that is a tree: its reference to the row above
  date       name,
  value      name,               -- set: what is in it; lookup that is a tree: a row's name; fields: the field's value
  field      name,               -- source of key-value fields: the column that holds the field's name
  condition  text,               -- rule language; rows that fail it do not count
  timezone   text,               -- customers: the shop's zone
  by_hand    boolean  NOT NULL DEFAULT false, -- the extension's own, of what people say by hand; rules cannot name it
  CHECK ((role = 'customers') = (of_id IS NULL)),
  CHECK ((role = 'customers') = (timezone IS NOT NULL))
);
CREATE UNIQUE INDEX binding_name_key ON segmentation.binding (segmentation._fold(name));
CREATE UNIQUE INDEX binding_customers_key ON segmentation.binding (role) WHERE role = 'customers';

CREATE TABLE segmentation.binding_column (
  binding_id integer NOT NULL,  -- without a foreign key: a parallel restore fills the tables in any order
  name       text    NOT NULL CHECK (name <> ''),
  expression text    NOT NULL, -- SQL over the row's columns and its lookups', which stand under their names
  PRIMARY KEY (binding_id, name)
);

-- The words of bound relations' columns that are not their names: what they were called before. A word means its column
-- whatever that is called by now, also where another column has got the word as its name since. By names, since numbers of
-- columns do not survive a dump; 38_follow.sql keeps them right.
CREATE TABLE segmentation.column_word (
  relation    regclass NOT NULL,
  word        name     NOT NULL, -- as rules, attributes, conditions and computed columns say it
  column_name name     NOT NULL, -- the column's name by now
  PRIMARY KEY (relation, word)
);

-- The columns of bound relations as they were seen last, by number: what tells a renamed column from one that was dropped and
-- another that was added. Of this database only, so not dumped; where it is missing the names are as they are.
CREATE TABLE segmentation.column_seen (
  relation    oid      NOT NULL,
  attnum      smallint NOT NULL,
  column_name name     NOT NULL,
  PRIMARY KEY (relation, attnum)
);

-- Columns of segments' views that have an old name of the customers' column that they show, since somebody was reading them when it
-- was renamed. By segment, or 0 for all views that stand on one function.
CREATE TABLE segmentation.view_column (
  segment_id  integer NOT NULL,
  name        name    NOT NULL,
  column_name name    NOT NULL,
  PRIMARY KEY (segment_id, name)
);

CREATE TABLE segmentation.attribute_definition (
  name        text NOT NULL CHECK (name <> '' AND char_length(name) <= 255),
  expression  text NOT NULL, -- rule language
  description text
);
CREATE UNIQUE INDEX attribute_definition_name_key ON segmentation.attribute_definition (segmentation._fold(name));
ALTER TABLE segmentation.attribute_definition ADD PRIMARY KEY (name);

CREATE TABLE segmentation.source_definition (
  name        text  NOT NULL CHECK (name <> '' AND char_length(name) <= 255),
  source      text  NOT NULL, -- what it stands for: a source, bound or defined
  parameters  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object'),
  condition   text,           -- rule language, in the words of `source`
  description text
);
CREATE UNIQUE INDEX source_definition_name_key ON segmentation.source_definition (segmentation._fold(name));
ALTER TABLE segmentation.source_definition ADD PRIMARY KEY (name);

CREATE TABLE segmentation.segment (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text              NOT NULL CHECK (name <> '' AND char_length(name) <= 255),
  kind        text              NOT NULL DEFAULT 'rule' CHECK (kind IN ('rule', 'group', 'tag')),
  rule        segmentation.rule, -- of a rule; groups and tags are kept by hand
  family      text,             -- of a group or tag: a customer is in at most one of them
  by_hand     boolean           NOT NULL DEFAULT false, -- of a rule: customers may have been put in or kept out whatever it says
  archived    boolean           NOT NULL DEFAULT false, -- it has a history and no members, and its rule is in no program
  status      text              NOT NULL DEFAULT 'live' CHECK (status IN ('live', 'building')),
  version     integer           NOT NULL DEFAULT 1,
  created_at  timestamptz       NOT NULL DEFAULT now(),
  changed_at  timestamptz       NOT NULL DEFAULT now(),
  changed_by  name              NOT NULL DEFAULT session_user,
  view_name   name,             -- in schema segments
  built       bigint            NOT NULL DEFAULT 0, -- the definition_version at which everyone's members were last written
  walk_id     integer,          -- building: the walk that writes its members
  CHECK ((status = 'building') = (walk_id IS NOT NULL)),
  CHECK ((kind = 'rule') = (rule IS NOT NULL)),
  CHECK (kind <> 'rule' OR family IS NULL),
  CHECK (NOT archived OR status = 'live')
);
CREATE UNIQUE INDEX segment_name_key ON segmentation.segment (segmentation._fold(name));

-- What people say about segments that no member hangs on: not in the table above, whose changes every session must be told of and commits
-- wait for. Without foreign keys, as above; rows of segments that are gone mean nothing.
CREATE TABLE segmentation.segment_note (
  segment_id  integer PRIMARY KEY,
  description text,
  labels      text[]  NOT NULL DEFAULT '{}'
);

-- Who uses segments besides rules: campaigns, price lists, whatever has said so.
CREATE TABLE segmentation.segment_use (
  segment_id integer     NOT NULL,
  used_by    text        NOT NULL,
  since      timestamptz NOT NULL DEFAULT now(),
  noted_by   name        NOT NULL DEFAULT session_user,
  PRIMARY KEY (segment_id, used_by)
);

-- Every rule that a segment has had, the present one too, in the text that was typed last for it.
CREATE TABLE segmentation.segment_version (
  segment_id integer           NOT NULL,
  version    integer           NOT NULL,
  rule       segmentation.rule NOT NULL,
  valid_from timestamptz       NOT NULL,
  changed_by name              NOT NULL,
  PRIMARY KEY (segment_id, version)
);

-- A segment's next rule while its members are written: under an id of their own, until they take over from the present ones.
CREATE TABLE segmentation.alteration (
  segment_id integer           PRIMARY KEY, -- without a foreign key, as above
  draft_id   integer           NOT NULL UNIQUE, -- out of the sequence of segments' ids
  rule       segmentation.rule NOT NULL,
  walk_id    integer           NOT NULL,
  changed_at timestamptz       NOT NULL DEFAULT now(),
  changed_by name              NOT NULL DEFAULT session_user,
  error      text              -- why it could not take over
);

-- Walks over all customers in the order of their keys, a batch a transaction, one after another: how segments are built,
-- and everyone judged whose rows changed unnoticed, while the shop goes on writing. Rows are written by whoever walks;
-- definitions only add them, since who walks holds a row while he waits for definitions.
CREATE TABLE segmentation.walk (
  id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  everyone   boolean     NOT NULL,               -- wanted for its own sake, not only for segments
  position   text,                               -- the last key that was judged
  judged     bigint      NOT NULL DEFAULT 0,     -- customers
  is_done    boolean     NOT NULL DEFAULT false, -- all were judged; what was built has yet to become live
  started_at timestamptz,
  moved_at   timestamptz
);

CREATE VIEW segmentation.segment_names AS SELECT s.id, s.name FROM segmentation.segment AS s;
COMMENT ON VIEW segmentation.segment_names IS 'The names of segments, by the ids that their members are stored under.';

-- Sizes without counting: the sum of a segment's deltas is its number of members, in every snapshot. Appended by whoever
-- writes members, one row a commit; folded into one row now and then.
CREATE TABLE segmentation.count_delta (
  segment_ids integer[] NOT NULL,
  deltas      bigint[]  NOT NULL
);
-- Without a key of its own, so that it can be published all the same.
ALTER TABLE segmentation.count_delta REPLICA IDENTITY FULL;

CREATE VIEW segmentation.member_counts AS
SELECT c.segment_id, sum(c.delta)::bigint AS members
FROM segmentation.count_delta AS d, unnest(d.segment_ids, d.deltas) AS c (segment_id, delta)
GROUP BY c.segment_id;
COMMENT ON VIEW segmentation.member_counts IS 'How many members are stored of each segment that has any.';

-- Every change of definitions updates this row, so that of two that do not see each other, in REPEATABLE READ, the later
-- fails with 40001 and is tried again.
CREATE TABLE segmentation.definition_version (
  one     boolean PRIMARY KEY DEFAULT true CHECK (one),
  version bigint  NOT NULL DEFAULT 0,
  shrunk  bigint  NOT NULL DEFAULT 0, -- the version at which rules may last have ceased to read something: nobody has noted since
                                      -- then how it changed, so that measures kept before must not come to life again
  -- Never dumped, so that nothing is believed of what the database that a dump came from has kept.
  epoch   bigint  NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0),
  restoring_pid   integer,            -- the session that brought definitions from a dump last, and when it began (72_backup.sql)
  restoring_since timestamptz,
  restored_at     timestamptz,        -- since when everyone waits to be judged because of it
  judging boolean NOT NULL DEFAULT true -- false: until then commits leave what they change to that
);
INSERT INTO segmentation.definition_version DEFAULT VALUES;

-- What still has to reach the members: rows of a binding that changed, by the value that leads to their customers (NULL:
-- any). Appended by whoever changed them, without a rule of uniqueness, so that no change can hide behind an earlier one;
-- taken away together with what came of it.
CREATE TABLE segmentation.dirty (
  seq        bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  binding_id integer NOT NULL,
  value      text
);

-- Who builds a segment without the gate holds this, which never has a row, in SHARE ROW EXCLUSIVE while he reads and writes
-- everyone. Commits take it in ROW EXCLUSIVE if they can, so that what they changed is there before he begins. Those that cannot
-- note their rows below, for him to judge these customers again. Nobody waits for it but he.
CREATE TABLE segmentation.build_mark (nothing integer PRIMARY KEY CHECK (false));

-- Rows that changed while a segment was being built, like dirty. Appended by commits, taken away by whoever builds.
CREATE TABLE segmentation.meanwhile (
  seq        bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  binding_id integer NOT NULL,
  value      text
);

-- Customers who could not be judged, and why. They keep their members, and are tried again now and then.
CREATE TABLE segmentation.set_aside (
  customer_id text        PRIMARY KEY,
  attempts    integer     NOT NULL DEFAULT 1,
  sqlstate    text        NOT NULL,
  message     text        NOT NULL,
  since       timestamptz NOT NULL DEFAULT now(),
  tried_at    timestamptz NOT NULL DEFAULT now(),
  retry_at    timestamptz NOT NULL DEFAULT now()
);

-- When a rule was given another meaning, and by whom: members who came or left at that very instant did so because of it.
CREATE TABLE segmentation.definition_change (
  segment_id integer     NOT NULL,
  at         timestamptz NOT NULL,
  changed_by name        NOT NULL DEFAULT session_user,
  reason     text        NOT NULL DEFAULT 'rule changed', -- of those who left
  PRIMARY KEY (segment_id, at)
);

-- Segments and drafts that are gone, many of whose stored rows are still there. Nothing shows these; tick() and the worker delete them.
CREATE TABLE segmentation.leftover (
  segment_id integer PRIMARY KEY
);

-- How the work of the clock and on the queue goes.
CREATE TABLE segmentation.upkeep (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  ticked_at  timestamptz,
  due_judged bigint NOT NULL DEFAULT 0, -- customers whose instant had come
  queue_done bigint NOT NULL DEFAULT 0, -- entries
  per_second double precision NOT NULL DEFAULT 0, -- of both, when it was noted last
  latest_at  timestamptz,                         -- the latest that the clock has shown
  zone_rules text,                                -- by which instants were computed
  error_at   timestamptz,
  error      text
);
INSERT INTO segmentation.upkeep DEFAULT VALUES;

-- What the last refresh_forecasts has found out about the shop, as the evaluator reads it and printed rules say it (core::ForecastModel).
CREATE TABLE segmentation.forecast_in_force (
  one       boolean PRIMARY KEY DEFAULT true CHECK (one),
  model     text    NOT NULL,
  purchases text[]  -- what it was found from: the queries of customers and purchases; NULL: not known
);

-- Sessions keep what they have read of these until they are told of a change.
CREATE FUNCTION segmentation._definitions_changed() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'segmentation_definitions_changed';
COMMENT ON FUNCTION segmentation._definitions_changed() IS
  'tells every session, when this transaction commits, that definitions have changed';
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.binding
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.binding_column
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.column_word
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.attribute_definition
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.source_definition
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.segment
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.alteration
  EXECUTE FUNCTION segmentation._definitions_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON segmentation.forecast_in_force
  EXECUTE FUNCTION segmentation._definitions_changed();
-- Also for who defines as a replica.
ALTER TABLE segmentation.binding ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.binding_column ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.attribute_definition ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.source_definition ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.segment ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.alteration ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.column_word ENABLE ALWAYS TRIGGER changed;
ALTER TABLE segmentation.forecast_in_force ENABLE ALWAYS TRIGGER changed;

SELECT pg_catalog.pg_extension_config_dump('segmentation.binding', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.binding_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.binding_column', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.column_word', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.view_column', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.attribute_definition', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.source_definition', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.forecast_in_force', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment_note', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment_use', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment_version', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.alteration', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.walk', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.walk_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.count_delta', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.dirty', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.dirty_seq_seq', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.set_aside', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.leftover', '');
SELECT pg_catalog.pg_extension_config_dump('segmentation.definition_change', '');
