-- What happens in the shop: each function is one transaction of somebody's. Invoices come as they stand in the data; of the
-- cancellations whose lines are found among earlier sales, a third each is booked as it stands, by correcting or deleting the earlier
-- lines, and by marking the earlier invoice as cancelled.

CREATE FUNCTION replay.place(arrived text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  invoice arriving.invoices := (SELECT i FROM arriving.invoices AS i WHERE i.invoice_no = arrived);
  variant integer := abs(hashtext(arrived)) % 3;
  booked  boolean;
BEGIN
  PERFORM replay.list_products(arrived);
  IF variant <> 0 THEN PERFORM replay.meet(invoice); END IF;
  IF invoice.cancelled AND invoice.customer_id IS NOT NULL AND variant = 1 THEN
    booked := replay.take_back(invoice);
  ELSIF invoice.cancelled AND invoice.customer_id IS NOT NULL AND variant = 2 THEN
    booked := replay.mark_cancelled(invoice);
  END IF;
  IF booked IS NOT TRUE THEN
    INSERT INTO shop.invoices SELECT * FROM arriving.invoices WHERE invoice_no = arrived;
    INSERT INTO shop.invoice_lines SELECT * FROM arriving.invoice_lines WHERE invoice_no = arrived;
  END IF;
  -- A third of the customers is written down after what they bought.
  IF variant = 0 THEN PERFORM replay.meet(invoice); END IF;
END $$;

-- A product, and the words of its name, comes with its first line.
CREATE FUNCTION replay.list_products(arrived text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  fresh text[] := ARRAY(SELECT DISTINCT upper(stock_code) FROM arriving.invoice_lines WHERE invoice_no = arrived EXCEPT SELECT code FROM shop.products);
BEGIN
  IF fresh = '{}' THEN RETURN; END IF;
  INSERT INTO shop.products SELECT * FROM arriving.products WHERE code = ANY (fresh);
  INSERT INTO shop.product_words SELECT * FROM arriving.product_words WHERE code = ANY (fresh);
END $$;

-- A customer comes with her first invoice and lives where the latest one went.
CREATE FUNCTION replay.meet(invoice arriving.invoices) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF invoice.customer_id IS NULL THEN RETURN; END IF;
  INSERT INTO shop.customers VALUES (invoice.customer_id, invoice.country, invoice.issued_at)
  ON CONFLICT (id) DO UPDATE SET country = excluded.country WHERE customers.country <> excluded.country;
END $$;

-- Finds the latest line of an earlier sale for each line of a cancellation; none for a line that has none.
CREATE FUNCTION replay.sold_before(invoice arriving.invoices) RETURNS TABLE (line_id bigint, invoice_no text, returned integer) LANGUAGE sql STABLE AS $$
  SELECT DISTINCT ON (sold.line_id) sold.line_id, sold.invoice_no, -back.quantity
  FROM arriving.invoice_lines AS back, LATERAL (
    SELECT l.line_id, l.invoice_no FROM shop.invoices AS i JOIN shop.invoice_lines AS l ON l.invoice_no = i.invoice_no
    WHERE i.customer_id = (invoice).customer_id AND NOT i.cancelled AND upper(l.stock_code) = upper(back.stock_code) AND l.quantity >= -back.quantity
    ORDER BY i.issued_at DESC, l.line_id DESC LIMIT 1) AS sold
  WHERE back.invoice_no = (invoice).invoice_no AND back.quantity < 0 ORDER BY sold.line_id, back.line_id
$$;

-- Books a cancellation by correcting what was sold: lines that came back whole go, and an invoice without lines goes too.
CREATE FUNCTION replay.take_back(invoice arriving.invoices) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  touched text[] := ARRAY(SELECT DISTINCT s.invoice_no FROM replay.sold_before(invoice) AS s);
BEGIN
  IF touched = '{}' THEN RETURN false; END IF;
  UPDATE shop.invoice_lines AS l SET quantity = l.quantity - s.returned FROM replay.sold_before(invoice) AS s WHERE s.line_id = l.line_id;
  DELETE FROM shop.invoice_lines WHERE invoice_no = ANY (touched) AND quantity = 0;
  DELETE FROM shop.invoices AS i WHERE i.invoice_no = ANY (touched) AND NOT EXISTS (SELECT FROM shop.invoice_lines AS l WHERE l.invoice_no = i.invoice_no);
  RETURN true;
END $$;

-- Books a cancellation by marking what was sold, where it is one invoice.
CREATE FUNCTION replay.mark_cancelled(invoice arriving.invoices) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  touched text[] := ARRAY(SELECT DISTINCT s.invoice_no FROM replay.sold_before(invoice) AS s);
BEGIN
  IF cardinality(touched) <> 1 THEN RETURN false; END IF;
  UPDATE shop.invoices SET cancelled = true WHERE invoice_no = touched[1];
  RETURN true;
END $$;

-- Places a month's invoices, a transaction each.
CREATE PROCEDURE replay.place_all(wanted_month text) LANGUAGE plpgsql AS $$
DECLARE
  arrived text;
BEGIN
  FOR arrived IN SELECT i.invoice_no FROM replay.invoice AS i WHERE i.month = wanted_month ORDER BY i.n LOOP
    PERFORM replay.place(arrived);
    COMMIT;
  END LOOP;
END $$;

-- The rest is what the data does not tell but every shop knows: once at each month's end.

-- Five invoices that nobody owned turn out to be the newest customer's.
CREATE FUNCTION replay.claim(of_month text) RETURNS void LANGUAGE sql AS $$
  UPDATE shop.invoices SET customer_id = (SELECT id FROM shop.customers ORDER BY since DESC, id LIMIT 1)
  WHERE invoice_no IN (SELECT invoice_no FROM shop.invoices WHERE customer_id IS NULL AND to_char(issued_at, 'YYYY-MM') = of_month
                       ORDER BY invoice_no LIMIT 5)
$$;

-- Two lines were typed into the wrong invoice.
CREATE FUNCTION replay.move_lines(of_month text) RETURNS void LANGUAGE sql AS $$
  WITH owned AS (SELECT invoice_no FROM shop.invoices WHERE customer_id IS NOT NULL AND NOT cancelled AND to_char(issued_at, 'YYYY-MM') = of_month)
  UPDATE shop.invoice_lines SET invoice_no = (SELECT max(invoice_no) FROM owned)
  WHERE line_id IN (SELECT line_id FROM shop.invoice_lines WHERE invoice_no = (SELECT min(invoice_no) FROM owned) ORDER BY line_id LIMIT 2)
$$;

-- Three products get other names, with all that bought them.
CREATE FUNCTION replay.rename_products(of_month text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  chosen text[] := ARRAY(SELECT code FROM shop.products WHERE description ~ '\mHEART\M| BAG|T-LIGHT HOLDER$' ORDER BY md5(code || of_month) LIMIT 3);
BEGIN
  UPDATE shop.products SET description = replace(replace(replace(description, 'HEART', 'STAR'), ' BAG', ' SACK'), 'HOLDER', 'STAND') WHERE code = ANY (chosen);
  DELETE FROM shop.product_words WHERE code = ANY (chosen);
  INSERT INTO shop.product_words
  SELECT DISTINCT p.code, w.word FROM shop.products AS p, regexp_split_to_table(p.description, '[^A-Z]+') AS w (word)
  WHERE p.code = ANY (chosen) AND length(w.word) > 2;
END $$;

-- Whatever was given for nothing this month is found to have been one more.
CREATE FUNCTION replay.recount_gifts(of_month text) RETURNS void LANGUAGE sql AS $$
  UPDATE shop.invoice_lines AS l SET quantity = l.quantity + 1 FROM shop.invoices AS i
  WHERE i.invoice_no = l.invoice_no AND to_char(i.issued_at, 'YYYY-MM') = of_month AND l.unit_price < 0.5 AND l.quantity > 0
$$;

-- A customer asks to be forgotten: her invoices become nobody's. She may come back.
CREATE FUNCTION replay.forget(of_month text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  she integer := (SELECT c.id FROM shop.customers AS c JOIN shop.invoices AS i ON i.customer_id = c.id
                  GROUP BY c.id HAVING count(*) >= 2 ORDER BY md5(c.id || of_month) LIMIT 1);
BEGIN
  UPDATE shop.invoices SET customer_id = NULL WHERE customer_id = she;
  DELETE FROM shop.customers WHERE id = she;
END $$;
