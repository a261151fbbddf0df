-- Writing members: the one way in which rows of membership come and go.
CREATE FUNCTION segmentation._write_members(segments integer[], changed boolean DEFAULT false) RETURNS bigint
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_write_members';
COMMENT ON FUNCTION segmentation._write_members(integer[], boolean) IS
  'brings everyone''s membership in these segments (NULL: all) up to date; returns the rows written and deleted';

CREATE FUNCTION segmentation._delete_members(segments integer[]) RETURNS void
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_delete_members';
COMMENT ON FUNCTION segmentation._delete_members(integer[]) IS
  'takes all that is stored of members of these segments away, also what others wrote behind this transaction''s snapshot; '
  'leaves more than segmentation.commit_limit rows to the worker or tick()';

CREATE FUNCTION segmentation._lock_before_gate(view name, at_once boolean) RETURNS void
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_lock_before_gate';
COMMENT ON FUNCTION segmentation._lock_before_gate(name, boolean) IS
  'takes what definitions will lock of the shop''s: ACCESS SHARE on all bound relations, in the order in which commits take it, '
  'and ACCESS EXCLUSIVE on a view of schema segments; NULL: on none. at_once: raises 55P03 rather than wait for that';

CREATE FUNCTION segmentation._try_lock_views(views oid[]) RETURNS boolean
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_try_lock_views';
COMMENT ON FUNCTION segmentation._try_lock_views(oid[]) IS
  'takes ACCESS EXCLUSIVE on these views, and not on what they read, without waiting; false and none where somebody has one of them';

CREATE FUNCTION segmentation._build_ahead(segment_id integer, rule text, is_new boolean) RETURNS boolean
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_build_ahead';
COMMENT ON FUNCTION segmentation._build_ahead(integer, text, boolean) IS
  'judges everyone by a rule, before its definition takes the gate; a new segment''s members are written. False where that must '
  'wait for the gate. Locks until the transaction ends: SHARE ROW EXCLUSIVE on segmentation.build_mark, for which nobody else waits '
  'but who builds, and ACCESS SHARE on all bound relations';

CREATE FUNCTION segmentation._catch_up(segment_id integer, changed boolean DEFAULT false) RETURNS boolean
  LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'segmentation_catch_up';
COMMENT ON FUNCTION segmentation._catch_up(integer, boolean) IS
  'finishes what _build_ahead began, now that the definition is in place: judges again whose rows were changed meanwhile. False '
  'where everyone must be judged behind the gate';

CREATE FUNCTION segmentation._is_building_ahead() RETURNS boolean
  LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'segmentation_is_building_ahead';
COMMENT ON FUNCTION segmentation._is_building_ahead() IS
  'whether somebody is building a segment who may not see what this transaction commits; false keeps one from beginning before it '
  'has. Locks until the transaction ends: ROW EXCLUSIVE on segmentation.build_mark, if it is free';
