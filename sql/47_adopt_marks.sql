-- Columns of orders by which some rows may be no orders of their own, for adopt: it does not guess, and says so.

-- Returns the columns that may say so and that the binding's condition does not know: marks of returns and quotes, of the current one of several versions, of being confirmed,
-- references to the order that a row is a part of.
CREATE FUNCTION segmentation._adopt_row_marks(relation regclass, condition text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item   record;
  answer text[] := '{}';
BEGIN
  FOR item IN SELECT c.*, EXISTS (SELECT FROM pg_constraint AS f JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = c.name
                                  WHERE f.contype = 'f' AND f.conrelid = relation AND f.confrelid = relation AND f.conkey = ARRAY[a.attnum]) AS own
              FROM segmentation._adopt_columns(relation) AS c ORDER BY c.name LOOP
    CONTINUE WHEN strpos(condition, item.name) > 0;
    IF item.sort = 'boolean' AND item.short ~ '^(is)?(return|refund|credit|creditnote|quote|quotation|estimate|template|sample|internal|duplicate|spam|fraud|replacement|exchange|current|latest|valid|confirmed|approved|accepted|submitted|finali[sz]ed|placed)$'
       OR item.short ~ '^(is)?(return|quote|template|duplicate|current|latest|valid)$' AND item.sort IN ('integer', 'character')
       OR (item.own OR item.sort IN ('integer', 'text', 'uuid')) AND item.words ~ '^(parent|master|main|root|split)(order|sale|invoice|purchase)?(id)?$' THEN
      answer := answer || format('%I', item.name);
    END IF;
  END LOOP;
  RETURN answer;
END $$;

-- Returns the columns with kinds of orders, and the kinds, where there are several.
CREATE FUNCTION segmentation._adopt_kinds(relation regclass, condition text) RETURNS text[]
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT format('%I (%s)', c.name, (SELECT string_agg(quote_literal(v), ', ') FROM unnest(d.values[1:10]) AS v))
  FROM segmentation._adopt_columns(relation) AS c, segmentation._adopt_distinct(relation, c.name) AS d(values)
  WHERE c.sort = 'text' AND c.words ~ '(type|kind)$' AND c.words !~ '(pay|ship|deliver|customer|client|discount|coupon|card|price|tax|device|address|mime|content|source)'
    AND COALESCE(strpos(condition, c.name) = 0, true) AND cardinality(d.values) > 1 ORDER BY c.name);

-- Returns the columns of orders that may say that one is cancelled, where the usual ones do not: by their names, or because a value says so.
CREATE FUNCTION segmentation._adopt_state_marks(relation regclass, status name) RETURNS text[]
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT c.name::text FROM segmentation._adopt_columns(relation) AS c
  WHERE c.name IS DISTINCT FROM status AND CASE WHEN c.sort = 'text' THEN EXISTS (
      SELECT FROM unnest(segmentation._adopt_distinct(relation, c.name)) AS v WHERE segmentation._adopt_status(v) = 'cancelled')
    ELSE status IS NULL AND c.sort IN ('integer', 'uuid') AND c.words ~ '(status|state|stage|phase)(id)?$'
      AND c.words !~ '(pay|financial|ship|deliver|fulfil|refund|customer|client|billing|address|tax|sync|mail|invoice)' END
  ORDER BY c.name);
