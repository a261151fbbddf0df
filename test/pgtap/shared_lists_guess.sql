-- A guess of a shared list's token tells nothing by the time that its answer takes: a token that never was, one that has expired, one that
-- was revoked and one whose segment is gone take equally long.
SET client_min_messages = error;
SELECT plan(2);
CREATE TABLE customers (id bigint PRIMARY KEY, city text);
INSERT INTO customers SELECT i, 'Sofia' FROM generate_series(1, 100) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC'), segmentation.create_segment('here', 'city = ''Sofia'''),
  segmentation.create_segment('gone', 'city = ''Sofia''') \g /dev/null
CREATE TEMP TABLE tokens AS
SELECT 'good' AS kind, segmentation.share('here', '1 day', '{city}') AS token FROM generate_series(1, 50)
UNION ALL SELECT 'revoked', segmentation.share('here', '1 day', '{city}') FROM generate_series(1, 50)
UNION ALL SELECT 'expired', segmentation.share('here', '1 us', '{city}') FROM generate_series(1, 50)
UNION ALL SELECT 'dropped', segmentation.share('gone', '1 day', '{city}') FROM generate_series(1, 50)
UNION ALL SELECT 'unknown', translate(rtrim(encode(sha256(i::text::bytea), 'base64'), '='), '+/', '-_') FROM generate_series(1, 50) AS i;
SELECT segmentation.revoke_share('here', s.id) FROM segmentation.share AS s JOIN tokens AS t ON s.hash = sha256(t.token::bytea) WHERE t.kind = 'revoked' \g /dev/null
SELECT segmentation.drop_segment('gone') \g /dev/null
ANALYZE segmentation.share, segmentation.segment;

-- Returns how long the slowest kind takes by the quickest: of batches in turns the shortest, so that what else the machine does matters little.
CREATE FUNCTION pg_temp.ratio(kinds text[], batches integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  token text;
  began timestamptz;
  taken numeric;
  least numeric[] := array_fill(NULL::numeric, ARRAY[cardinality(kinds)]);
BEGIN
  FOR batch IN 1 .. batches LOOP
    FOR i IN 1 .. cardinality(kinds) LOOP
      began := clock_timestamp();
      FOREACH token IN ARRAY ARRAY(SELECT t.token FROM tokens AS t WHERE t.kind = kinds[i]) LOOP
        BEGIN
          PERFORM segmentation.shared(token);
        EXCEPTION WHEN invalid_authorization_specification THEN NULL;
        END;
      END LOOP;
      taken := extract(epoch FROM clock_timestamp() - began);
      least[i] := LEAST(least[i], taken);
    END LOOP;
  END LOOP;
  RETURN (SELECT round(max(l) / min(l), 3) FROM unnest(least) AS l);
END $$;
SELECT pg_temp.ratio('{unknown,revoked,expired,dropped,good}', 1) \g /dev/null
SELECT cmp_ok(pg_temp.ratio('{unknown,revoked,expired,dropped}', 40), '<', 1.15, 'no kind of bad token takes longer than another');
SELECT cmp_ok(pg_temp.ratio('{unknown,good}', 3), '>', 1.5, 'and such figures tell where something differs');
SELECT finish();
