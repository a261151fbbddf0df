-- Who defines need have no right on what a definition changes: the extension's tables, the views of segments, triggers
-- on the shop's tables. So the functions below become bodies in schema segmentation_internal, which nobody may call, and
-- in their place stand functions of the same names that call them by the rights of the extension's owner, keeping in mind
-- who asked (_caller). Who may execute these decides grant_access (79_access.sql), or a GRANT.
DO $$
DECLARE
  item record;
BEGIN
  FOR item IN
    SELECT p.oid::regprocedure AS signature, p.proname AS name, pg_get_function_arguments(p.oid) AS arguments,
           pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_result(p.oid) AS result,
           CASE p.provolatile WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END AS volatility, obj_description(p.oid, 'pg_proc') AS comment
    FROM pg_proc AS p
    WHERE p.pronamespace = 'segmentation'::regnamespace
      AND p.proname = ANY ('{bind_customers,bind_source,bind_lookup,bind_set,bind_fields,bind_column,unbind,adopt,
        define_attribute,drop_attribute,define_source,drop_source,create_segment,alter_segment,rename_segment,
        copy_segment,drop_segment,describe_segment,use_segment,release_segment,create_group,freeze_segment,add_members,remove_members,clear_overrides,move_members,forecast_source,schedule_forecasts,_refresh_forecasts,share,shared,revoke_share,share_uses,definitions,apply_definitions,keep_changes,grant_access,revoke_access,_attributes,_customer_total}')
    ORDER BY p.oid
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET SCHEMA segmentation_internal', item.signature);
    EXECUTE format('CREATE FUNCTION segmentation.%I(%s) RETURNS %s LANGUAGE c %s AS %L, %L', item.name,
      item.arguments, item.result, item.volatility, 'MODULE_PATHNAME',
      -- A guest's errors do not say where they arose, nor those of a refresh, which is one statement of a hundred lines.
      CASE WHEN item.name IN ('shared', '_refresh_forecasts') THEN 'segmentation_as_owner_quietly' ELSE 'segmentation_as_owner' END);
    EXECUTE format('COMMENT ON FUNCTION segmentation.%I(%s) IS %L', item.name, item.identity, item.comment);
  END LOOP;
END $$;
