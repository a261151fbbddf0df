-- The shop of shop.sql, where an hour passes in no time: orders of customers 1 to 3 are an hour old but for a moment.
\ir shop.sql
CREATE FUNCTION rate(total numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT total / 2';
DO $$BEGIN
  PERFORM segmentation.bind_column('orders', 'rated', 'public.rate(total)');
  PERFORM segmentation.create_segment('hour', 'orders MATCHES (date >= -1h)');
  PERFORM segmentation.create_segment('rated hour', 'orders MATCHES (date >= -1h, sum_rated > 1)');
  PERFORM segmentation.create_segment('hour twice', 'orders MATCHES (date >= -1h, count >= 2)');
  PERFORM segmentation.create_segment('left the hour', 'memberships MATCHES (segment = ''hour'', left_at >= -1h)');
END$$;

CREATE PROCEDURE open_hour() LANGUAGE plpgsql SET segmentation.maintain = statement AS $$
BEGIN
  CREATE OR REPLACE FUNCTION rate(total numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT total / 2';
  PERFORM segmentation.drop_segment(s.name) FROM segmentation.segment AS s WHERE s.name LIKE 'new%';
  PERFORM segmentation.alter_segment('hour', 'orders MATCHES (date >= -1h)');
  CALL open_shop();
  DELETE FROM segmentation.due;
  INSERT INTO orders SELECT i, i, 'paid', i, clock_timestamp() - interval '1 hour' + interval '200 ms', '' FROM generate_series(1, 3) AS i;
END $$;

-- Who is stored by what an hour says, and what the oracle finds besides: whoever is due.
CREATE FUNCTION hours() RETURNS TABLE (customer integer, segments text) LANGUAGE sql AS $$
  SELECT m.customer_id, string_agg(s.name, ', ' ORDER BY s.name) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id
  WHERE s.name ~ 'hour|new' GROUP BY m.customer_id ORDER BY m.customer_id;
$$;
CREATE FUNCTION clock_oracle() RETURNS TABLE (wrong text, what text) LANGUAGE sql AS $$
  SELECT * FROM oracle() UNION ALL SELECT 'due', d.customer_id::text FROM segmentation.due AS d WHERE d.due_at <= now()
  UNION ALL SELECT 'state', s.customer_id::text FROM segmentation.state AS s WHERE NOT EXISTS (SELECT FROM customers AS c WHERE c.id = s.customer_id)
  UNION ALL SELECT 'twice', concat_ws(' ', h.segment_id, h.customer_id) FROM segmentation.membership_history AS h WHERE h.customer_id IS NOT NULL
  AND h.segment_id = (SELECT s.id FROM segmentation.segment AS s WHERE s.name = 'hour') GROUP BY h.segment_id, h.customer_id, h.entered_at HAVING count(*) > 1;
$$;
