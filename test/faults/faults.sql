-- faults.sql: psql -v rounds=10000. Prints "ok: ..." or "not ok: ..." a line.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.fault(kind text, nth bigint) RETURNS void LANGUAGE c AS '$libdir/segmentation_faults', 'segmentation_test_fault';
CREATE FUNCTION pg_temp.fault_is_armed() RETURNS boolean LANGUAGE c AS '$libdir/segmentation_faults', 'segmentation_test_fault_is_armed';
CREATE FUNCTION pg_temp.heap_bytes() RETURNS bigint LANGUAGE c AS '$libdir/segmentation_faults', 'segmentation_test_heap_bytes';
CREATE FUNCTION pg_temp.core_depth() RETURNS integer LANGUAGE c AS '$libdir/segmentation_faults', 'segmentation_test_core_depth';

CREATE TEMPORARY TABLE seen (kind text, state text, message text, calls bigint, PRIMARY KEY (kind, state, message));
CREATE TEMPORARY TABLE heap (round bigint PRIMARY KEY, bytes bigint, contexts bigint);
CREATE TEMPORARY TABLE wrong (what text);

-- What is attempted: every function that crosses, as one statement each.
CREATE TEMPORARY TABLE attempt (number integer PRIMARY KEY, statement text);
INSERT INTO attempt VALUES
  (0, 'SELECT segmentation.count_matching(''sum(orders.total) > 5000 AND city != ''''city 2'''''')'),
  (1, 'SELECT segmentation.matches(''orders MATCHES (total > 3, count > 2)'', 7)'),
  (2, 'SELECT segmentation.matches(''tags CONTAINS ''''t1'''''', ARRAY[1, 2, 3, 4, 5, 6, 700])'),
  (3, 'SELECT segmentation.explain(''b'', 17)'),
  (4, 'SELECT segmentation.to_sql(''orders MATCHES (status IN (''''paid'''', ''''open''''), months >= 3)'')'),
  (5, 'SELECT segmentation.check_rule(''nothing = 3 AND orders MATCHES (nowhere > 5) AND city >'')'),
  (6, 'SELECT segmentation.refresh(ARRAY[1, 8, 15, 22, 29])'),
  (7, 'SELECT segmentation.refresh_all()'),
  (8, 'SELECT segmentation._check_bindings()'),
  (9, 'SELECT segmentation.preview(''city STARTS WITH ''''city'''' AND spent >= 0'', sample => 3)'),
  (10, 'SELECT (''city = ''''x'''' OR NOT (spent > 3 AND '' || ''tags CONTAINS ''''t''''' || ')'')::segmentation.rule'),
  (11, 'SELECT segmentation._rule_uses(''sum(orders.total) > 5000'')'),
  (12, 'SELECT segmentation._settings_of(ARRAY(SELECT id FROM segmentation.segment))'),
  (13, 'SELECT segmentation._renamed_rule(''segments CONTAINS ANY (''''a'''', ''''b'''')'', ''a'', ''z'', ''{x,y}'')'),
  (14, 'SELECT segmentation._is_segment_list(''segments'', ''{x,y}'')'),
  (15, 'SELECT segmentation._describe_attributes()'),
  (16, 'SELECT segmentation._values_read()'),
  (17, 'SELECT segmentation._values_sql(''{city,tags,nothing,turnover,statuses}'', ''SELECT 7'')'),
  (18, 'SELECT segmentation._count_filled(''{city,spent,statuses}'', CASE WHEN random() < 0.5 THEN ''{7,8}''::text[] END)'),
  (19, 'SELECT segmentation.matches(''list(orders.status MATCHES (total > 3)) CONTAINS ALL (''''paid'''', ''''open'''')'', ARRAY[1, 2, 700])'),
  (20, 'SELECT count(*), sum(f.spend) FROM segmentation.forecasts AS f WHERE f.customer_id < 9');

CREATE PROCEDURE pg_temp.run(rounds bigint) LANGUAGE plpgsql AS $$
DECLARE
  kinds text[] := '{bad_alloc,int,exception,alloc,error,cancel}';
  chosen text;
  statement text;
  state text;
  said text;
  detail text;
  hint text;
BEGIN
  FOR i IN 1 .. rounds LOOP
    chosen := kinds[1 + i % 6];
    SELECT a.statement INTO statement FROM attempt AS a WHERE a.number = i / 6 % 21;
    state := 'none';
    said := '';
    BEGIN
      -- Something to write for the refreshing calls; undone with the failed statement.
      UPDATE shop.customers SET city = 'city ' || (id + i) % 7 WHERE id % 3 = i % 3;
      PERFORM pg_temp.fault(chosen, CASE WHEN chosen = 'alloc' THEN 1 + i * 7919 % 400 ELSE 1 + i / 126 % 14 END);
      EXECUTE statement;
      PERFORM pg_temp.fault(NULL, 0);
      PERFORM segmentation.refresh_all();
    EXCEPTION
      WHEN query_canceled OR OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        IF chosen = 'error' AND (detail <> 'A detail that must survive.' OR hint <> 'A hint that must survive.') THEN
          INSERT INTO wrong VALUES (format('detail "%s" and hint "%s" of an injected server error', detail, hint));
        END IF;
    END;
    IF pg_temp.core_depth() <> 0 THEN
      INSERT INTO wrong VALUES (format('a crossing is still open after %s in %s', chosen, statement));
    END IF;
    PERFORM pg_temp.fault(NULL, 0);
    INSERT INTO seen VALUES (chosen, state, said, 1)
    ON CONFLICT ON CONSTRAINT seen_pkey DO UPDATE SET calls = seen.calls + 1;
    IF i % 500 = 0 THEN
      COMMIT;
      IF EXISTS (SELECT FROM segmentation.verify()) THEN
        INSERT INTO wrong VALUES (format('members are wrong after round %s', i));
      END IF;
      INSERT INTO heap SELECT i, pg_temp.heap_bytes(), sum(total_bytes) FROM pg_backend_memory_contexts;
      COMMIT;
    END IF;
  END LOOP;
END $$;
CALL pg_temp.run(:rounds);

SELECT format('%s %s "%s": %s times', kind, state, message, calls) FROM seen ORDER BY kind, state;
SELECT CASE WHEN count(*) = 0 THEN 'ok: every fault left the session as it was'
            ELSE 'not ok: ' || string_agg(DISTINCT what, '; ') END FROM wrong;
SELECT CASE WHEN count(*) = 0 THEN 'ok: every fault reached the client with its own SQLSTATE'
            ELSE 'not ok: unexpected ' || string_agg(format('%s for %s: %s', state, kind, message), '; ') END
FROM seen
WHERE (kind, state) NOT IN (VALUES ('bad_alloc', '53200'), ('alloc', '53200'), ('int', 'XX000'), ('exception', 'XX000'),
                                   ('error', '38000'), ('cancel', '57014'))
  AND state <> 'none';
SELECT CASE WHEN count(*) = 6 THEN 'ok: every kind of fault struck' ELSE 'not ok: only ' || string_agg(k, ', ') || ' struck' END
FROM (SELECT kind FROM seen WHERE state <> 'none' GROUP BY kind HAVING sum(calls) >= :rounds / 60) AS s (k);
-- After the first tenth everything that a session keeps is there. A leak of one kilobyte a round would show as megabytes.
SELECT format('round %s: %s kB in use, %s kB of them in memory contexts', round, bytes / 1024, contexts / 1024)
FROM heap WHERE round % (:rounds / 10) = 0 ORDER BY round;
SELECT format('%s: %s kB in use by round %s, %s kB by round %s',
              CASE WHEN last.bytes - first.bytes < 1000000 AND last.contexts - first.contexts < 1000000
                   THEN 'ok' ELSE 'not ok' END,
              first.bytes / 1024, first.round, last.bytes / 1024, last.round)
FROM (SELECT * FROM heap WHERE round >= :rounds / 10 ORDER BY round LIMIT 1) AS first,
     (SELECT * FROM heap ORDER BY round DESC LIMIT 1) AS last;
SELECT CASE WHEN segmentation.count_matching('city IS NOT NULL') = 120 THEN 'ok: the session works' ELSE 'not ok: the session does not count' END;
