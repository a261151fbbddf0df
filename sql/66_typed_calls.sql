-- list_members and attribute_values with the type of the customers' key: made by bind_customers, like the functions of 36_storage.sql.
CREATE FUNCTION segmentation._make_typed_calls(key regtype) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Every integer casts to bigint, and an array of any of them to bigint[].
  taken text := CASE WHEN key IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'bigint'
    WHEN key = 'uuid'::regtype THEN 'uuid' ELSE 'text' END;
  call  record;
BEGIN
  FOR call IN
    SELECT 'list_members' AS name, format('segment text, after %s%s, lim integer DEFAULT 100, columns text[] DEFAULT NULL', t.type, t.defaults) AS arguments,
           'entered_at timestamptz, "values" jsonb' AS results,
           format('SELECT l.customer::%s, l.entered_at, l.values FROM segmentation._list_members($1, $2::text, $3, $4) AS l', key) AS body,
           format('text, %s, integer, text[]', t.type) AS signature,
           'A page of a segment''s members behind customer `after`, at most `lim`, as they are at now(): by key, or in the order of the rule''s ORDER '
           'BY, within its LIMIT. entered_at is NULL of who is not stored yet; values are those of `columns`, else of the rule''s SHOW. Reads the shop''s '
           'tables by the caller''s rights where there are any, or an ORDER BY. Locks: ACCESS SHARE on segmentation.membership and what is read.' AS told
    FROM (SELECT taken AS type, ' DEFAULT NULL' AS defaults UNION ALL SELECT 'text', '' WHERE taken <> 'text') AS t
    UNION ALL
    SELECT 'attribute_values', format('names text[], customers %s', t.type), '"values" jsonb',
           format('SELECT v.customer::%s, v.values FROM segmentation._json_values($1, %s, true) AS v', key,
             format(CASE WHEN t.type LIKE '%[]' THEN 'ARRAY(SELECT segmentation._key_text(c::text) FROM unnest($2) AS c)'
                         ELSE 'ARRAY[segmentation._key_text($2::text)]' END)),
           'text[], ' || t.type,
           'Values of a customer, or of several, by what rules call them, as JSON under these names; no row for who does not exist. By the caller''s '
           'rights. Locks: ACCESS SHARE on the tables that are read.'
    FROM (SELECT DISTINCT u.type FROM unnest(ARRAY[taken, taken || '[]', 'text', 'text[]']) AS u(type)) AS t
  LOOP
    EXECUTE format('CREATE FUNCTION segmentation.%s(%s) RETURNS TABLE (customer %s, %s) LANGUAGE plpgsql STABLE ROWS 100 '
      'SET search_path = pg_catalog, pg_temp AS %L', call.name, call.arguments, key, call.results, format('BEGIN RETURN QUERY %s; END', call.body));
    EXECUTE format('COMMENT ON FUNCTION segmentation.%s(%s) IS %L', call.name, call.signature, call.told);
  END LOOP;
END $$;
