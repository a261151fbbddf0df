-- Who may read, edit and administer. What a level allows is PostgreSQL's own rights on tables and functions, and that a
-- role has the level is one of them: the right to execute a function that does nothing. So pg_dump carries all of it, a
-- renamed role keeps it and a dropped one loses it.

CREATE FUNCTION segmentation._access_shared() RETURNS boolean LANGUAGE sql RETURN true;
CREATE FUNCTION segmentation._access_read() RETURNS boolean LANGUAGE sql RETURN true;
CREATE FUNCTION segmentation._access_edit() RETURNS boolean LANGUAGE sql RETURN true;
CREATE FUNCTION segmentation._access_admin() RETURNS boolean LANGUAGE sql RETURN true;
COMMENT ON FUNCTION segmentation._access_shared() IS 'who may execute it has level shared; does nothing';
COMMENT ON FUNCTION segmentation._access_read() IS 'who may execute it has level read; does nothing';
COMMENT ON FUNCTION segmentation._access_edit() IS 'who may execute it has level edit; does nothing';
COMMENT ON FUNCTION segmentation._access_admin() IS 'who may execute it has level admin; does nothing';

CREATE VIEW segmentation.access AS
SELECT DISTINCT ON (r.rolname) r.rolname AS role, l.level
FROM (VALUES ('shared', 0, 'segmentation._access_shared()'::pg_catalog.regprocedure),
             ('read', 1, 'segmentation._access_read()'::pg_catalog.regprocedure),
             ('edit', 2, 'segmentation._access_edit()'::pg_catalog.regprocedure),
             ('admin', 3, 'segmentation._access_admin()'::pg_catalog.regprocedure)) AS l (level, height, marker)
JOIN pg_catalog.pg_proc AS p ON p.oid = l.marker, pg_catalog.aclexplode(p.proacl) AS x
JOIN pg_catalog.pg_roles AS r ON r.oid = x.grantee
WHERE x.grantee <> p.proowner
ORDER BY r.rolname, l.height DESC;
COMMENT ON VIEW segmentation.access IS 'The roles that grant_access has given a level, and which.';

-- Returns the routines that a level adds to the one below it. grant_backup is at none: who can make functions in our schema can have
-- them called by the rights of the extension's owner. Beside those that are called by name stand the ones that
-- they call by the rights of their caller.
CREATE FUNCTION segmentation._routines_of(level text) RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.oid::regprocedure FROM pg_proc AS p
  WHERE p.pronamespace = 'segmentation'::regnamespace AND p.proname = ANY (CASE level
    WHEN 'shared' THEN '{_access_shared,shared}'::name[]
    WHEN 'read' THEN '{_access_read,is_member,segments_of,members,members_at,changes,_changes,changes_position,list_members,attribute_values,member_count,matches,explain,what_if,to_sql,
      check_rule,rule_to_json,rule_from_json,verify,flush,progress,rule,rule_in,rule_out,rule_recv,rule_send,rule_source,rule_eq,rule_ne,rule_hash,
      rule_hash_extended,
      _fold,_edit_distance,_name_hint,_segment_id,_key_type,_key_text,_bigint_of,_uuid_of,_is_due,_due,_due_state,_judged,_any_behind,_is_behind,
      _segment_sql,_users,_segments_named,_has_news,_news,_queued,_judge,_members_now,_segments_now,_list_members,_members_by_key,_members_in_order,_after_text,_json_values,_values_of,_as_json,_key_of_given,_instant_json,
      _broken,_capture_state,_hidden_relations,_worker,
      segment_trend,overlap,breakdown,_customer_total,_segment_moves,_segment_money,_values_sql,_describe_attributes,_check_shown,export,export_query,
      _rows_of,_types_of,_guarded,_standard_columns,_export_columns,_cell_sql,_export_plan,_export_sql,_settings_of,_rule_name,report,_html,_cut,_figure,
      _money,_day,_svg,_svg_bars,_svg_moves,_svg_line,_svg_matrix,_html_table,_report_style,_report_segments,_report_name,_report_sizes,_report_trends,_report_moves,
      _report_overlap,_report_money,_report_rest,_came_and_went}'::name[]
    WHEN 'edit' THEN '{_access_edit,create_segment,alter_segment,rename_segment,copy_segment,drop_segment,
      describe_segment,use_segment,release_segment,build_segment,create_group,freeze_segment,add_members,remove_members,clear_overrides,move_members,define_attribute,drop_attribute,define_source,drop_source,preview,count_matching,estimate_matching,diff_segment,count_diff,suggest,refresh,
      merge_customers,_diff_segment,_count_diff,_rule_segment_id,_check_has_rule,_check_not_archived,_segment,share,revoke_share,_suggest,_literal,_stored_type,_as_jsonb,_common_values,_sampled_values}'
    WHEN 'admin' THEN '{_access_admin,bind_customers,bind_source,bind_lookup,bind_set,bind_fields,bind_column,unbind,adopt,
      forecast_source,schedule_forecasts,refresh_forecasts,_refresh_forecasts,definitions,apply_definitions,grant_access,revoke_access,keep_changes,refresh_all,tick,start_worker,
      check_replication,share_uses}' END)
  ORDER BY p.oid;
$$;

-- Returns the tables and views that every level but shared reads.
CREATE FUNCTION segmentation._read_relations() RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid::regclass FROM pg_class AS c
  WHERE c.relnamespace = 'segmentation'::regnamespace
    AND (c.relkind = 'v' OR c.relname = ANY ('{segment,segment_note,segment_use,segment_version,walk,membership,membership_past,by_hand}'))
  UNION
  SELECT to_regclass(format('segments.%I', s.view_name)) FROM segmentation.segment AS s
  WHERE to_regclass(format('segments.%I', s.view_name)) IS NOT NULL
  ORDER BY 1;
$$;

-- Returns the GRANTs of a new view.
CREATE FUNCTION segmentation._reader_rights(view_name name) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT format('GRANT SELECT ON segments.%I TO %I', view_name, a.role)
             FROM segmentation.access AS a WHERE a.level <> 'shared' ORDER BY a.role);

-- Gives a role what its level allows, and takes what it does not.
CREATE FUNCTION segmentation._grant(role name, level text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN SELECT r.oid FROM segmentation._read_relations() AS r(oid) LOOP
    EXECUTE format(CASE level WHEN 'shared' THEN 'REVOKE SELECT ON %s FROM %I' ELSE 'GRANT SELECT ON %s TO %I' END, item.oid::regclass, role);
  END LOOP;
  FOR item IN
    SELECT r.oid, w.height <= array_position('{shared,read,edit,admin}', _grant.level) AS given
    FROM unnest('{shared,read,edit,admin}'::text[]) WITH ORDINALITY AS w(level, height),
      LATERAL segmentation._routines_of(w.level) AS r(oid)
    JOIN pg_proc AS p ON p.oid = r.oid
    JOIN pg_roles AS o ON o.rolname = _grant.role AND o.oid <> p.proowner
  LOOP
    EXECUTE format(CASE WHEN item.given THEN 'GRANT EXECUTE ON ROUTINE %s TO %I'
                        ELSE 'REVOKE EXECUTE ON ROUTINE %s FROM %I' END, item.oid::regprocedure, role);
  END LOOP;
END $$;

-- Tells what a role lacks to read the views of segments, which read the shop's tables by their reader's rights.
CREATE FUNCTION segmentation._tell_lacking(role name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT b.role = 'customers' AS customers, string_agg(DISTINCT b.relation::text, ', ') AS tables,
           string_agg(DISTINCT format('%I', n.nspname), ', ')
             FILTER (WHERE NOT has_schema_privilege(_tell_lacking.role, n.oid, 'USAGE')) AS schemas
    FROM segmentation.binding AS b JOIN pg_class AS c ON c.oid = b.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT has_table_privilege(_tell_lacking.role, c.oid, 'SELECT')
       OR NOT has_schema_privilege(_tell_lacking.role, n.oid, 'USAGE')
    GROUP BY 1 ORDER BY 1 DESC
  LOOP
    RAISE NOTICE USING
      MESSAGE = CASE WHEN item.customers
        THEN format('role %I may not read %s, which the views in schema segments show', role, item.tables)
        ELSE format('role %I may not read %s', role, item.tables) END,
      DETAIL = CASE WHEN item.customers THEN 'They read it by the rights of who reads them.'
        ELSE 'Rules are judged by preview, matches and explain, and shown by views of rules with SHOW or ORDER BY, by the '
          'rights of who asks.' END,
      HINT = format('If it is to: %sGRANT SELECT ON %s TO %I;',
        COALESCE('GRANT USAGE ON SCHEMA ' || item.schemas || format(' TO %I; ', role), ''), item.tables, role);
  END LOOP;
END $$;

-- Has every role that has a level get its rights on what has been made anew.
CREATE FUNCTION segmentation._grant_to_all() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._grant(a.role, a.level), CASE WHEN a.level <> 'shared' THEN segmentation._tell_lacking(a.role) END
  FROM segmentation.access AS a;
END $$;

-- Raises 42704 unless there is such a role.
CREATE FUNCTION segmentation._check_role(role name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF role IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'role must not be null', HINT = 'Name a role.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role) THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('role "%s" does not exist', role),
      HINT = segmentation._name_hint(role, ARRAY(SELECT r.rolname::text FROM pg_roles AS r
        WHERE r.rolname !~ '^pg_' ORDER BY r.rolname), 'There is no role yet.');
  END IF;
END $$;

CREATE FUNCTION segmentation.grant_access(role name, level text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM segmentation._check_role(grant_access.role);
  IF grant_access.level IS NULL OR grant_access.level <> ALL ('{shared,read,edit,admin}') THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = COALESCE(format('level "%s" is unknown', grant_access.level), 'level must not be null'),
      HINT = 'Say ''read'', ''edit'' or ''admin'', or ''shared'' for who reads shared lists and nothing else.';
  END IF;
  PERFORM segmentation._grant(grant_access.role, grant_access.level);
  IF grant_access.level <> 'shared' THEN PERFORM segmentation._tell_lacking(grant_access.role); END IF;
END $$;
COMMENT ON FUNCTION segmentation.grant_access(name, text) IS
  'Gives a role a level in place of the one that it had: ''read'' sees segments and members, ''edit'' defines segments, '
  'attributes and sources as well, ''admin'' binds, grants and keeps up; ''shared'' only calls shared(). On the shop''s own tables it gives nothing: a NOTICE '
  'tells what the role lacks there. Segments and tables to come are included. Locks: none on tables.';

CREATE FUNCTION segmentation.revoke_access(role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  command text;
BEGIN
  PERFORM segmentation._check_role(revoke_access.role);
  FOR command IN
    SELECT format('REVOKE ALL ON %s %s FROM %I', o.kind, o.name, revoke_access.role)
    FROM (SELECT 'TABLE' AS kind, c.oid::regclass::text AS name, c.relowner AS owner, c.relacl AS acl FROM pg_class AS c
          WHERE c.relnamespace IN ('segmentation'::regnamespace, 'segments'::regnamespace) AND c.relkind IN ('r', 'v', 'p', 'S')
          UNION ALL
          SELECT 'SCHEMA', n.oid::regnamespace::text, n.nspowner, n.nspacl FROM pg_namespace AS n
          WHERE n.oid IN ('segmentation'::regnamespace, 'segments'::regnamespace)
          UNION ALL
          SELECT 'ROUTINE', p.oid::regprocedure::text, p.proowner, p.proacl FROM pg_proc AS p
          WHERE p.pronamespace = 'segmentation'::regnamespace) AS o
    JOIN pg_roles AS r ON r.rolname = revoke_access.role
    WHERE r.oid <> o.owner AND EXISTS (SELECT FROM aclexplode(o.acl) AS x WHERE x.grantee = r.oid)
    ORDER BY 1
  LOOP
    EXECUTE command;
  END LOOP;
END $$;
COMMENT ON FUNCTION segmentation.revoke_access(name) IS
  'Takes from a role all rights on schemas segmentation and segments and what is in them, whoever gave them, except '
  'on what it owns. Locks: none on tables.';
