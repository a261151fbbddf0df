-- customer_within_distance: where a position comes from, both paths, explain, and what is refused.
\set VERBOSITY default
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text, lat double precision, place jsonb);
INSERT INTO shop.customers VALUES
  (1, 'Ottawa', 45.42, '{"lng": -75.69}'), (2, 'Gatineau', 45.48, '{"lng": -75.7}'), (3, 'Montreal', 45.5019, '{"lng": -73.5674}'),
  (4, 'nowhere', NULL, '{"lng": 5}'), (5, 'no number', 'NaN', '{"lng": 5}'), (6, 'absurd', 1e30, '{"lng": 5}'),
  (7, 'text', 45.42, '{"lng": "-75.69"}'), (8, 'pole', 90, '{"lng": 100}'), (9, 'Suva', -17.8, '{"lng": 179.9}');
SELECT segmentation.bind_customers('shop.customers', timezone => 'UTC');

SELECT segmentation.count_matching('customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = true');
SELECT segmentation.define_attribute('latitude', 'lat');
SELECT segmentation.define_attribute('longitude', 'place.lng');

CREATE FUNCTION by_sql(rule segmentation.rule) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE found integer[];
BEGIN
  EXECUTE 'SELECT array_agg(k ORDER BY k) FROM (' || segmentation.to_sql(rule) || ') AS q (k)' INTO found;
  RETURN found;
END $$;
SELECT text, found = by_sql(text::segmentation.rule) AS same, found
FROM unnest(ARRAY[
  'customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = true',
  'customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = false',
  'customer_within_distance MATCHES (coordinates = (45.42, -75.69), distance_km = 0)',
  'NOT customer_within_distance(coordinates: (45.42, -75.69), distance_km: 10)',
  'customer_within_distance(coordinates: (90, 0), distance_km: 0.001) = true',
  'customer_within_distance(coordinates: (-17.8, -179.9), distance_km: 22) = true',
  'customer_within_distance(coordinates: (0, 0), distance_km: 30000) = true']) AS text,
  LATERAL (SELECT array_agg(k::integer ORDER BY k) AS found FROM segmentation.matches(text::segmentation.rule, ARRAY[1,2,3,4,5,6,7,8,9]) AS k) AS q;
SELECT segmentation.to_sql('customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 6.2) = true');
SELECT 'CUSTOMER_within_distance  MATCHES(distance_km=6.20 AND coordinates = (45.420,-75.69))'::segmentation.rule;

-- To the last bit: with the distance that SQL computes the evaluator says within, with the next smaller one it does not.
SELECT setseed(0.25) IS NOT NULL AS seeded;
CREATE TABLE shop.pairs AS
SELECT n, round((random() * 180 - 90)::numeric, 6) AS lat, round((random() * 360 - 180)::numeric, 6) AS lng,
       round((random() * 180 - 90)::numeric, 1 + n % 14) AS to_lat, round((random() * 360 - 180)::numeric, 1 + n % 14) AS to_lng
FROM generate_series(1, 500) AS n;
UPDATE shop.pairs SET to_lat = round(lat + (random() / 10)::numeric, 5), to_lng = lng WHERE n % 3 = 0 AND lat < 89;
INSERT INTO shop.customers SELECT 1000 + n, 'pair', NULL, jsonb_build_object('lat', to_lat, 'lng', to_lng) FROM shop.pairs;
SELECT segmentation.define_attribute('latitude', 'place.lat', replace => true);
SELECT count(*) FILTER (WHERE NOT segmentation.matches(format(circle, d::text::numeric)::segmentation.rule, 1000 + n)) AS outside,
       count(*) FILTER (WHERE smaller < d AND segmentation.matches(format(circle, smaller::text::numeric)::segmentation.rule, 1000 + n)) AS inside,
       count(*) FILTER (WHERE smaller < d) > 450 AS enough
FROM shop.pairs,
     LATERAL (SELECT segmentation.distance_km(to_lat, to_lng, trunc(lat, 12)::double precision, trunc(lng, 12)::double precision) AS d,
                     format('customer_within_distance(coordinates: (%s, %s), distance_km: %%s)', lat, lng) AS circle) AS q,
     LATERAL (SELECT d * 0.9999999999999999::double precision AS smaller) AS s;
DELETE FROM shop.customers WHERE id > 1000;
SELECT segmentation.define_attribute('latitude', 'lat', replace => true);

SELECT c.name, e.actual, e.holds, e.missing, e.changes_at
FROM shop.customers AS c, segmentation.explain('customer_within_distance(coordinates: (45.42, -75.69), distance_km: 5) = true', c.id) AS e
ORDER BY c.id;
SELECT segmentation.create_segment('Near', 'customer_within_distance(coordinates: (45.42, -75.69), distance_mi: 4) = true');
SELECT condition, actual, holds, missing FROM segmentation.explain('near', 2);
SELECT * FROM segmentation.verify();

SELECT segmentation.count_matching('customer_within_distance(coordinates: (95, -75.69), distance_km: 5)');
SELECT segmentation.count_matching('customer_within_distance(coordinates: (45, -75.69), distance_km: -5)');
SELECT segmentation.count_matching('customer_within_distance(coordinates: (45, -75.69), distance_km: 5, distance_mi: 3)');
SELECT segmentation.count_matching('customer_within_distance(coordinates: (45, -75.69), distnce_km: 5)');
SELECT segmentation.count_matching('customer_within_distance(distance_km: 5)');
SELECT segmentation.count_matching('customer_outside_distance(45, 5)');
