-- When things happened, for adopt: which column says so, and whose clock wrote it.

-- Returns when a row of a role happened: the only column that says so by its name, else the only one with a time. What comes after the order, its
-- payment or its delivery, is not its date.
CREATE FUNCTION segmentation._adopt_date(relation regclass, role text, hint text, OUT name name, OUT rivals text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := CASE role WHEN 'payments' THEN 'paid_at|payment_date|captured_at|date_paid|paid_on' WHEN 'refunds' THEN 'refunded_at|refund_date|refunded_on'
                        WHEN 'subscriptions' THEN 'subscribed_at|subscribed_on' ELSE 'date' END;
  hit text[];
BEGIN
  SELECT d.* INTO name, rivals FROM segmentation._adopt_column(relation, '{time}', ARRAY[
    'placed_at|ordered_at|order_placed_at|order_date|orderdate|date_order|ordered_on|placed_on|date_placed|date_ordered|purchased_at|purchase_date|sold_at|sale_date|happened_at|'
    'occurred_at|viewed_at|visited_at|event_time' || CASE WHEN segmentation._words_of(relation::text) ~ '(invoice|bill|facture)' THEN '|invoice_date|invoiced_at' ELSE '' END,
    'date|timestamp|at|' || own, 'created_at|created_on|created|date_created|creation_date|create_date|date_added|date_add|added_at|inserted_at|created_date|created_time|opened_at'],
    hint) AS d;
  IF name IS NULL AND rivals IS NULL THEN
    hit := ARRAY(SELECT c.name FROM segmentation._adopt_columns(relation) AS c
                   WHERE c.sort = 'time' AND c.words !~ '(updat|modif|chang|delet|remov|expir|cancel|complet|due|expect|birth|valid|start|end|finish|clos|print|sync|export)'
                     AND (role IN ('payments', 'refunds') OR c.words !~ '(paid|payment|captur|refund|ship|deliver|return|invoic)'));
    IF cardinality(hit) = 1 THEN name := hit[1]; ELSIF hit <> '{}' THEN rivals := hit; END IF;
  END IF;
END $$;

-- Returns in which zone's time a column without a zone was written, NULL where there is no such question; its problem where that is not known.
-- Only a hint, or a default that writes the time of one zone, tells. Times that are all midnight are days, which need none.
CREATE FUNCTION segmentation._adopt_zone(relation regclass, column_name name, role text, hints jsonb, OUT zone text, OUT problem text, OUT reason text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hint text := COALESCE(hints ->> (role || '.zone'), hints ->> 'zone');
  said text;
BEGIN
  SELECT substring(pg_get_expr(d.adbin, d.adrelid) FROM $re$^\((?:now\(\)|CURRENT_TIMESTAMP|clock_timestamp\(\)|statement_timestamp\(\)) AT TIME ZONE '([^']+)'::text\)\Z$re$),
         substring(pg_get_expr(d.adbin, d.adrelid) FROM $re$^timezone\('([^']+)'::text, (?:now\(\)|CURRENT_TIMESTAMP|clock_timestamp\(\)|statement_timestamp\(\))\)\Z$re$)
  INTO said, zone
  FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = relation AND a.attname = column_name AND segmentation._type_family(a.atttypid) = 'timestamp without time zone';
  IF NOT FOUND THEN RETURN; END IF;
  said := COALESCE(said, zone);
  zone := NULL;
  IF hint IS NOT NULL THEN
    zone := segmentation._time_zone(hint);
    reason := format('%I has the time of %s, as the hint says', column_name, zone);
  ELSIF EXISTS (SELECT FROM pg_timezone_names AS z WHERE lower(z.name) = lower(said)) THEN
    zone := segmentation._time_zone(said);
    reason := format('%I has the time of %s, by its default', column_name, zone);
  ELSIF column_name ~* '(_|[a-z])(gmt|utc)$' THEN
    zone := 'UTC';
    reason := format('%I has the time of UTC, by its name', column_name);
  ELSIF COALESCE((segmentation._read_as(segmentation._adopt_reader(relation), format(
      'SELECT bool_and(r.v = date_trunc(''day'', r.v)) FROM (SELECT c.%I AS v FROM %s AS c LIMIT 10000) AS r', column_name, relation)))[1]::boolean, false) THEN
    reason := format('all of %I are days', column_name);
  ELSE
    problem := format('%I has no zone, and in whose time it was written is not known; say which, {"%s.zone": "UTC"} or such, or {"zone": "UTC"} of all tables', column_name, role);
  END IF;
END $$;

-- Completes a step with the date of its rows, and says where whose clock wrote it is not known: then it has none.
CREATE FUNCTION segmentation._adopt_dated(step segmentation._adopted, role text, hints jsonb, OUT answer segmentation._adopted, OUT doubt segmentation._adopted)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hit   record;
  clock record;
BEGIN
  answer := step;
  IF hints ? (role || '.date') AND hints ->> (role || '.date') IS NULL THEN
    answer.date := NULL;
    answer.reason := answer.reason || '; without a date, as the hint says';
    RETURN;
  END IF;
  IF step.date IS NULL THEN
    SELECT d.* INTO hit FROM segmentation._adopt_date(step.relation, role, hints ->> (role || '.date')) AS d;
    -- What none of its rows has is not their date.
    IF strpos(step.condition, segmentation._rule_name(hit.name) || ' IS NULL') > 0 THEN hit.name := NULL; END IF;
    answer.date := hit.name;
    IF hit.name IS NULL THEN
      answer.reason := answer.reason || CASE WHEN hit.rivals IS NOT NULL THEN format('; without a date: %s could be it, say {"%s.date": "%s"}',
        (SELECT string_agg(format('%I', r), ' and ') FROM unnest(hit.rivals) AS r), role, hit.rivals[1]) ELSE '; it has no date' END;
      RETURN;
    END IF;
  END IF;
  SELECT z.* INTO clock FROM segmentation._adopt_zone(step.relation, answer.date, role, hints) AS z;
  answer.zone := clock.zone;
  answer.reason := answer.reason || format('; its date is %I', answer.date) || COALESCE('; ' || clock.reason, '');
  IF clock.problem IS NOT NULL THEN
    doubt := segmentation._adopt_note(role || '.zone', 'unsure', step.relation, clock.problem || '; until then its rows have no date');
    answer.reason := step.reason || format('; without a date, since that of %I is in doubt', answer.date);
    answer.date := NULL;
  END IF;
END $$;

-- Binds a source whose date has no zone of its own: by a computed column, once the source is there.
CREATE FUNCTION segmentation._adopt_bind_dated(step segmentation._adopted) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  instant text := left(step.date, 55) || '_instant';
BEGIN
  IF NOT step.dated IS TRUE THEN
    PERFORM segmentation_internal.bind_source(step.name, step.relation, step.key, step.parent, step.of_key, NULL, step.condition);
  END IF;
  IF step.zone IS NULL THEN instant := step.date;
  ELSE PERFORM segmentation_internal.bind_column(step.name, instant, format('%I AT TIME ZONE %L', step.date, step.zone), replace => true);
  END IF;
  PERFORM segmentation_internal.bind_source(step.name, step.relation, step.key, step.parent, step.of_key, instant, step.condition, replace => true);
END $$;
