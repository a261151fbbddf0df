-- The report: a well-formed page with each segment's figures, nothing in it that is fetched or run, whatever names are like and however much or
-- little there is to tell.
SET client_min_messages = error;
SELECT no_plan();
SELECT is(xmlparse(DOCUMENT segmentation.report())::text ~ 'There is no segment yet', true, 'a page before anything is bound');
CREATE TABLE customers (id integer PRIMARY KEY, name text, city text, created_at timestamptz);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, status text, total numeric(10,2), created_at timestamptz);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'Person ' || i, CASE WHEN i % 4 = 0 THEN 'Sofia' ELSE 'Varna' END, now() FROM generate_series(1, 1200) AS i;
INSERT INTO orders SELECT i, i, CASE WHEN i % 3 = 0 THEN 'new' ELSE 'paid' END, 10.50, '2026-01-31 22:30+00' FROM generate_series(1, 1200) AS i;
SELECT count(*) FROM segmentation.adopt('public') \g /dev/null
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia', replace => true) \g /dev/null
SELECT is(xmlparse(DOCUMENT segmentation.report())::text ~ 'There is no segment yet', true, 'and before there is a segment');

-- The page as XML: what a cell of a section's table says, by the row's heading.
CREATE FUNCTION page(segments text[] DEFAULT NULL) RETURNS xml LANGUAGE sql AS $$SELECT xmlparse(DOCUMENT segmentation.report($1))$$;
CREATE FUNCTION row_of(page xml, section text, name text) RETURNS text LANGUAGE sql AS $$
  SELECT array_to_string(xpath(format('//section[h2="%s"]//tbody/tr[th="%s"]/td/text()', section, name), page)::text[], ' | ')
$$;
SELECT segmentation.create_segment('all', 'number_of_orders >= 1'), segmentation.create_segment('Sofia', 'city = ''Sofia'''), segmentation.create_segment('none', 'city = ''Nowhere''') \g /dev/null
-- A past: all of it began 10 days ago, and 30 customers were in Sofia until the day before yesterday.
UPDATE segmentation.segment SET created_at = now() - interval '10 days';
UPDATE segmentation.membership SET entered_at = now() - interval '10 days';
INSERT INTO segmentation.membership_past (segment_id, customer_id, entered_at, left_at, recorded_at, left_recorded_at, entered_reason, left_reason)
SELECT segmentation._segment_id('Sofia'), i, now() - interval '9 days', now() - interval '2 days', now(), now(), 'rule', 'rule' FROM generate_series(1, 30) AS i;
CREATE TABLE held AS SELECT page() AS page; -- of this stage
CREATE FUNCTION held() RETURNS xml LANGUAGE sql AS 'SELECT page FROM held';
SELECT is(row_of(held(), 'Sizes', 'all'), '1,200 | 100.0 %', 'sizes');
SELECT is(row_of(held(), 'Sizes', 'Sofia') || ', ' || row_of(held(), 'Sizes', 'none'), '300 | 25.0 %, 0 | 0.0 %', 'of all segments');
SELECT is(row_of(held(), 'Who came and went', 'Sofia'), '+0 ' || chr(8722) || '0 | +0 ' || chr(8722) || '30 | +330 ' || chr(8722) || '30', 'who came and went');
SELECT is(row_of(held(), 'Revenue', 'all'), '1,200 | 12,600.00 | 8,400.00 | 10.50 | 2026-02-01', 'revenue, by days of the shop''s zone');
SELECT is(row_of(held(), 'Overlaps', 'all'), 'Sofia | 300 | 900 | 0 | none | 0 | 1,200 | 0', 'overlaps');
SELECT is((xpath('//section[h2="Overlaps"]//g[title="300 of the 300 members of Sofia are in all"]/text/text()', held()))[1]::text, '100', 'and the grid');
SELECT matches((xpath('string(//section[h2="Trends"]//div[h3="Sofia"]/p)', held()))[1]::text, '^300 \+0 in 10 days; between 300 and 330$', 'trends');
SELECT is(array_length(regexp_split_to_array((xpath('//section[h2="Trends"]//div[h3="Sofia"]//polyline/@points', held()))[1]::text, ' '), 1), 11, 'of as many days as there were');
SELECT is((xpath('string(//section[h2="Trends"]//div[h3="none"]/p)', held()))[1]::text, '0 the same for 10 days', 'nobody''s too');
SELECT is(xpath('//dl[@class="tiles"]//dd/text()', held())::text, '{"1,200",3,"1,530",30}', 'the shop in four figures');
SELECT is((xpath('count(//section[h2="Sizes"]//rect[@class="bar"])', held()))[1]::text, '3', 'a bar a segment');
SELECT is(xpath('//section[h2="Sizes"]//rect[@class="bar"]/@width', held())::text, '{360.0,90.0,0.0}', 'as wide as they are large');
SELECT is(xpath('//section[h2="Sizes"]//tbody//th/text()', page(ARRAY['SOFIA', 'sofia']))::text, '{Sofia}', 'some segments alone, once');
SELECT is(xpath('boolean(//h2[.="Overlaps"])', page(ARRAY['Sofia']))::text, '{false}', 'one of them overlaps nothing');
SELECT is((SELECT count(*) FROM unnest(xpath('//svg/@aria-labelledby', held())::text[]) AS l(ids), unnest(string_to_array(l.ids, ' ')) AS id
           WHERE (xpath(format('count(//svg/*[@id="%s"][string() != ""])', id), held()))[1]::text <> '1'), 0::bigint, 'each picture has a title and a description of its own');
SELECT is((xpath('count(//svg)', held()))[1]::text, '7', 'seven pictures');
SELECT unalike(segmentation.report(), '%Person%', 'no customer is in it');
SELECT throws_ok($$SELECT segmentation.report(ARRAY['nobody'])$$, '42704', 'segment "nobody" does not exist', 'an unknown segment');
SELECT throws_ok($$SELECT segmentation.report('{}')$$, '22023', 'segments must be names, at least one', 'none at all');

-- A segment of today has one day.
SELECT segmentation.create_group('of today') \g /dev/null
SELECT segmentation.add_members('of today', ARRAY[1, 2, 3]) \g /dev/null
DELETE FROM held; INSERT INTO held SELECT page();
SELECT is((xpath('string(//section[h2="Trends"]//div[h3="of today"]/p)', held()))[1]::text || (xpath('count(//section[h2="Trends"]//div[h3="of today"]//circle)', held()))[1]::text, '3 made today1', 'a history of one day is a point');

-- Names.
CREATE TABLE hostile (name text);
INSERT INTO hostile VALUES ('<script>alert(1)</script>'), ('</title></style></svg><b>'), ('" onload="x'), (''' x='''), ('&amp; &#60; & ]]> <!-- -->'), (E'ctrl\u0001\u001b\u007f\uFFFFend'), (E'a\u202Eb\u2066c'),
  (repeat('long name ', 25)), (repeat('日本', 100)), ('%s %1$s $1 \1'), ('{a,"b"}'), ('javascript:alert(1)');
SELECT segmentation.create_group(name) FROM hostile \g /dev/null
CREATE TABLE hostile_held (page xml);
CREATE FUNCTION hostile_page() RETURNS xml LANGUAGE sql AS 'SELECT page FROM hostile_held';
SELECT lives_ok($$INSERT INTO hostile_held SELECT page(ARRAY(SELECT name FROM hostile))$$, 'hostile names leave the page well-formed');
SELECT is_empty($$SELECT h.name FROM hostile AS h WHERE NOT
  translate(translate(h.name, E'\u0001\u001b\u007f\uFFFF', repeat(chr(65533), 4)), E'\u202E\u2066', '') = ANY (xpath('//section[h2="Sizes"]//tbody//th/text()', hostile_page())::xml[]::text[]::text[])
  AND NOT h.name ~ '[<>&"'']'$$, 'and are in it as they are');
SELECT is((xpath('count(//*[not(contains(" body caption circle dd desc div dl dt footer g h1 h2 h3 head header html li line main meta ol p polygon polyline rect section span style svg table tbody td text th thead title tr ", concat(" ", name(), " ")))])', hostile_page()))[1]::text, '0', 'no element comes of them');
SELECT is((xpath('count(//@*[starts-with(name(), "on") or name() = "x=" or name() = "href" or name() = "src"])', hostile_page()))[1]::text, '0', 'nor an attribute');
SELECT is(segmentation._html('<a b="c" d=''e''>&' || chr(1) || chr(8238)), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;' || chr(65533), 'text stays text');
SELECT doesnt_match(regexp_replace(segmentation.report(), '<(text|th|td|h3|li|title|desc)[^>]*>[^<]*<', '', 'g'), '(https?:|//|<script|url\(|@import|<link|<iframe|<img|javascript:)', 'nothing is fetched or run');

-- Many.
SELECT segmentation.create_group('crowd ' || i) FROM generate_series(1, 60) AS i \g /dev/null
SELECT segmentation.add_members('crowd 60', ARRAY(SELECT id FROM customers WHERE id <= 100)) \g /dev/null
DELETE FROM held; INSERT INTO held SELECT page();
SELECT is((xpath('count(//section[h2="Sizes"]//tbody/tr)', held()))[1]::text || (xpath('count(//section[h2="All 76 segments"]//tbody/tr)', held()))[1]::text, '1276', 'charts of twelve, and a list of all');
SELECT matches(held()::text, 'The charts show 12 of 76 segments: the eight largest', 'as the page says');

-- Archived segments have no members: they are left out, or named as what they are.
SELECT segmentation.describe_segment('Sofia', archived => true) \g /dev/null
SELECT results_eq($$SELECT status, members FROM segmentation.segment_summary WHERE segment = 'Sofia'$$, $$VALUES ('archived', 0::bigint)$$, 'an archived segment is not live');
SELECT is(xpath('//section//th[.="Sofia"]', page())::text, '{}', 'and in no page of all');
SELECT is(xpath('//section[h2="Sizes"]//tbody//th/text()', page(ARRAY['Sofia', 'all']))::text, '{all,"Sofia (archived)"}', 'who asks for it is told');

-- Charts by themselves.
SELECT matches(segmentation._svg_line('i', 't', 'd', ARRAY['2026-01-01', '2026-01-02', '2026-01-03']::date[], ARRAY[0, 50, 100]), '<polyline class="line" points="4.0,88.0 180.0,50.0 356.0,12.0"/>', 'a line goes from the lowest to the highest');
SELECT matches(segmentation._svg_line('i', 't', 'd', ARRAY['2026-01-01', '2026-01-02']::date[], ARRAY[900, 1000]), '>1,000<.*>800<.*points="4.0,50.0 356.0,12.0"', 'of large numbers little is made more');
SELECT matches(segmentation._svg_line('i', 't', 'd', ARRAY['2026-01-01', '2026-01-02']::date[], ARRAY[0, 0]), 'points="4.0,88.0 356.0,88.0"', 'nobody is at the bottom');
SELECT matches(segmentation._svg_moves('i', 't', 'd', ARRAY['a'], ARRAY[0], ARRAY[0]), 'width="0".*width="0"', 'nobody came or went');
SELECT is(segmentation._cut('abcdef', 6) || segmentation._cut('abcdefg', 6) || segmentation._cut('日本語', 6) || segmentation._cut('日本語x', 6) || segmentation._cut('', 6) || segmentation._cut('WWWW', 6), 'abcdefabcde…日本語日本…WWW…', 'text is cut by width');

-- Whoever asks, whatever he has set.
CREATE ROLE pgtap_viewer; CREATE ROLE pgtap_nobody;
SELECT segmentation.grant_access('pgtap_viewer', 'read') \g /dev/null
SET ROLE pgtap_viewer;
SELECT matches(segmentation.report(ARRAY['all', 'none']), 'Nothing can be said of orders and money', 'level read suffices for all but money');
SET ROLE pgtap_nobody;
SELECT throws_ok('SELECT segmentation.report()', '42501', NULL, 'nobody without it');
RESET ROLE;
DROP OWNED BY pgtap_viewer, pgtap_nobody;
DROP ROLE pgtap_viewer, pgtap_nobody;
BEGIN;
CREATE TEMP TABLE before AS SELECT segmentation.report() AS page;
SET LOCAL timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'German'; SET LOCAL extra_float_digits = -10; SET LOCAL lc_numeric = 'C'; SET LOCAL search_path = pg_temp, public;
SELECT public.is(segmentation.report() = page, true, 'the same page whatever the session has set') FROM before;
COMMIT;
SELECT finish();
