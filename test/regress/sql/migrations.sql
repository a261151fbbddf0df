-- What the shop's own changes do to live segments, and what the session's settings must not do.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE people (id integer PRIMARY KEY, vip boolean, city text, pause interval DEFAULT '1 day');
INSERT INTO people VALUES (1, true, 'Sofia'), (2, true, 'Varna'), (3, false, NULL);
SELECT segmentation.bind_customers('people');
SELECT segmentation.create_segment('vip', 'vip');
SELECT segmentation.create_segment('in Sofia', 'city = ''Sofia''');
SELECT segmentation.create_segment('pausing', 'pause = ''1 day''');

-- An answer does not follow the session's settings.
SET intervalstyle = iso_8601;
SELECT segmentation.refresh_all();
SELECT * FROM segmentation.verify();
RESET intervalstyle;

-- A segment that lost its column keeps its members and nobody else waiting.
ALTER EVENT TRIGGER segmentation_guard_drops DISABLE; -- definitions are to break
ALTER TABLE people DROP COLUMN city;
ALTER EVENT TRIGGER segmentation_triggers DISABLE; -- nothing is to tell of disabled triggers
ALTER TABLE people DISABLE TRIGGER USER; -- no trigger tells
UPDATE people SET vip = true;
ALTER TABLE people ENABLE TRIGGER USER;
SELECT segmentation.refresh_all();
SELECT * FROM segmentation.verify();
SELECT name, members FROM segmentation.segments ORDER BY id;

-- What cannot be a key is nobody's.
SELECT segmentation.matches('vip', 'abc'), segmentation.matches('vip', '99999999999'), segmentation.matches('vip', '1');

-- A role that row security applies to would see too few rows, and take members for gone.
CREATE ROLE regress_migrations_limited;
GRANT USAGE ON SCHEMA public, segmentation TO regress_migrations_limited;
GRANT SELECT ON people, segmentation.attributes TO regress_migrations_limited; -- the definitions themselves need no grant
GRANT EXECUTE ON FUNCTION segmentation.count_matching(segmentation.rule) TO regress_migrations_limited;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
SELECT segmentation.count_matching('vip'::segmentation.rule); -- what the owner has had read is kept for the session, his rights are not
SET ROLE regress_migrations_limited;
SELECT segmentation.count_matching('vip'::segmentation.rule);
SELECT name, type FROM segmentation.attributes WHERE name = 'vip';
RESET ROLE;
ALTER TABLE people DISABLE ROW LEVEL SECURITY;

-- Members are stored by the key's type; a key that is another type now is no key of theirs.
ALTER EVENT TRIGGER segmentation_guard_types DISABLE; -- definitions are to break
ALTER EVENT TRIGGER segmentation_guard_rewrites DISABLE;
ALTER TABLE people ALTER id TYPE bigint;
SELECT segmentation.refresh_all();

DROP OWNED BY regress_migrations_limited;
DROP ROLE regress_migrations_limited;
