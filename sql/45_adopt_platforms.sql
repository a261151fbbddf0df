-- Platforms whose presets are in presets/: what adopt knows them by. A new preset gets a line here.

-- Returns the platforms, the file of each one's preset, tables that tell it from others, and a binding that only its preset makes.
CREATE FUNCTION segmentation._platforms(OUT platform text, OUT preset text, OUT telling text[], OUT mark text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('Medusa', 'medusa.sql', '{order_line_item,order_summary,order_transaction,payment_collection,sales_channel}'::text[], 'order_totals'),
         ('Vendure', 'vendure.sql', '{order_line,order_modification,product_variant_translation,stock_movement,global_settings}', 'collections')
$$;

-- Returns what adopt says of a schema that looks like a platform's, unless its preset was applied.
CREATE FUNCTION segmentation._adopt_platform(schema name) RETURNS SETOF segmentation._adopted
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.* FROM segmentation._platforms() AS p, segmentation._adopt_note(p.platform, 'preset', NULL, format(
    'the tables are those of %s; what they do not say themselves is in presets/%s, which can still be applied: psql -f presets/%2$s -v schema=%I', p.platform, p.preset, schema)) AS n
  WHERE NOT EXISTS (SELECT FROM segmentation.binding AS b WHERE b.name = p.mark)
    AND NOT EXISTS (SELECT FROM unnest(p.telling) AS t(name) WHERE NOT EXISTS (
      SELECT FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace WHERE s.nspname = schema AND c.relname = t.name AND c.relkind IN ('r', 'p')));
$$;
