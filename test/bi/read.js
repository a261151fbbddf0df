// Cube reads segments: its PostgreSQL driver lists what there is, its data model is made from that, its compiler writes queries for measures
// over views of segments and the summary, its orchestrator runs them. All as a role of level read. Answers are held against SQL by hand
// over the shop's tables. Cube's HTTP gateway alone is not here: it comes as a binary that npm does not have.
Object.assign(process.env, { CUBEJS_TESSERACT_SQL_PLANNER: 'false', CUBEJS_TRANSPILATION_NATIVE: 'false' });
const { isDeepStrictEqual } = require('util');
const { PostgresDriver } = require('@cubejs-backend/postgres-driver');
const { QueryOrchestrator } = require('@cubejs-backend/query-orchestrator');
const { PostgresQuery, ScaffoldingTemplate, SchemaFormat, compile } = require('@cubejs-backend/schema-compiler');
const { Client } = require('pg');

const settings = { host: process.env.PGHOST, port: Number(process.env.PGPORT), database: process.env.PGDATABASE };
const asRole = (user) => new PostgresDriver({ ...settings, user });

function check(what, got, expected) {
  const right = isDeepStrictEqual(got, expected);
  console.log(`${right ? 'ok' : 'not ok'}: ${what}`);
  if (!right) {
    console.log(`  got      ${JSON.stringify(got).slice(0, 2000)}`);
    console.log(`  expected ${JSON.stringify(expected).slice(0, 2000)}`);
  }
}

// What a model cannot be made of by itself: functions, and which numbers to add up.
const cubes = `
cube('summary', {
  sql_table: 'segmentation.segment_summary',
  measures: {
    members: { sql: 'members', type: 'sum' }, orders: { sql: 'orders', type: 'sum' }, revenue: { sql: 'revenue', type: 'sum' },
    paid: { sql: 'paid_revenue', type: 'sum' }, entered: { sql: 'entered_7_days', type: 'sum' }, gone: { sql: 'left_7_days', type: 'sum' },
  },
  dimensions: { segment: { sql: 'segment', type: 'string', primary_key: true, public: true }, kind: { sql: 'kind', type: 'string' } },
});
cube('trend', {
  sql: "SELECT s.segment, t.day, t.members, t.entered, t.left FROM segmentation.segment_summary AS s, segmentation.segment_trend(s.segment, 30) AS t",
  measures: {
    members: { sql: 'members', type: 'sum' }, entered: { sql: 'entered', type: 'sum' }, gone: { sql: \`\${CUBE}.left\`, type: 'sum' },
  },
  dimensions: {
    id: { sql: \`\${CUBE}.segment || \${CUBE}.day\`, type: 'string', primary_key: true },
    segment: { sql: 'segment', type: 'string' }, day: { sql: 'day', type: 'time' },
  },
});
cube('cities', {
  sql: "SELECT * FROM segmentation.breakdown('vip', 'city')",
  measures: { members: { sql: 'members', type: 'sum' } }, dimensions: { value: { sql: 'value', type: 'string', primary_key: true, public: true } },
});
cube('overlaps', {
  sql: "SELECT * FROM segmentation.overlap(ARRAY['vip', 'press'])",
  measures: { common: { sql: 'common', type: 'sum' }, only_a: { sql: 'only_a', type: 'sum' }, only_b: { sql: 'only_b', type: 'sum' } },
  dimensions: { a: { sql: 'a', type: 'string', primary_key: true, public: true } },
});`;

async function main() {
  const hand = new Client({ ...settings, user: 'postgres' });
  await hand.connect();
  await hand.query("SET timezone = 'UTC'");
  const rows = async (sql, values) => (await hand.query({ text: sql, values, rowMode: 'array' })).rows.map((row) => row.map(String));

  const driver = asRole('bi_reader');
  await driver.testConnection();
  const schema = await driver.tablesSchema();
  check('its schema lists the views of all segments', Object.keys(schema.segments).sort(), ['Who "lives" in Sofia', 'press', 'vip']);
  const types = (table) => Object.fromEntries(table.map((column) => [column.name, column.type]));
  check('with the customers\' columns and entered_at', types(schema.segments.vip),
    { id: 'integer', name: 'text', city: 'text', registered_at: 'timestamp with time zone', entered_at: 'timestamp with time zone' });
  check('and the summary, with each column that the catalog has', types(schema.segmentation.segment_summary),
    Object.fromEntries(await rows(`SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
                                   WHERE attrelid = 'segmentation.segment_summary'::regclass AND attnum > 0`)));

  const files = new ScaffoldingTemplate(schema, driver, { format: SchemaFormat.JavaScript, snakeCase: true }).generateFilesByTableNames(['segments.vip']);
  const model = [...files, { fileName: 'more.js', content: cubes }];
  // Its engine of templates is such a binary, too, and nothing here is a template.
  const compilers = await compile({ localPath: () => '.', dataSchemaFiles: async () => model }, { nativeInstance: { newJinjaEngine: () => null } });
  const orchestrator = new QueryOrchestrator('bi', async () => asRole('bi_reader'), () => {},
    { cacheAndQueueDriver: 'memory', queryCacheOptions: { queueOptions: async () => ({ concurrency: 2 }) } });
  // The rows of a query of Cube's, as arrays of text in the order of `names`.
  async function load(query, names) {
    const [sql, values] = new PostgresQuery(compilers, { timezone: 'UTC', limit: 10000, ...query }).buildSqlAndParams();
    const answer = await orchestrator.fetchQuery({ query: sql, values, dataSource: 'default', requestId: 'bi', cacheMode: 'no-cache' });
    return answer.data.map((row) => names.map((name) => String(row[name]))).sort();
  }
  const spent = 'SELECT customer_id FROM orders WHERE paid GROUP BY customer_id HAVING sum(total) > 250';
  const vipByCity = `SELECT city, count(*) FROM customers WHERE id IN (${spent}) GROUP BY 1`;

  check('a model that it makes of a segment\'s view counts members by city', await load({ measures: ['vip.count'], dimensions: ['vip.city'] },
    ['vip__city', 'vip__count']), (await rows(vipByCity)).sort());
  check('and by the month in which they came, within a range', await load({ measures: ['vip.count'],
    timeDimensions: [{ dimension: 'vip.entered_at', granularity: 'month', dateRange: ['2000-01-01', '2100-01-01'] }] }, ['vip__entered_at_month', 'vip__count']),
  (await rows(`SELECT to_char(date_trunc('month', began() - customer_id % 100 * interval '17 hours'), 'YYYY-MM-DD"T"HH24:MI:SS.MS'), count(*) FROM (${spent}) AS v GROUP BY 1`)).sort());

  const sums = (list) => `SELECT 'vip', count(DISTINCT customer_id), ${list} FROM orders WHERE customer_id IN (${spent})`;
  check('the summary\'s members, orders, revenue and what was paid', await load({ dimensions: ['summary.segment'],
    measures: ['summary.members', 'summary.orders', 'summary.revenue', 'summary.paid'],
    filters: [{ member: 'summary.segment', operator: 'equals', values: ['vip'] }] },
  ['summary__segment', 'summary__members', 'summary__orders', 'summary__revenue', 'summary__paid']),
  await rows(sums('count(*) FILTER (WHERE cancelled_at IS NULL), sum(total) FILTER (WHERE cancelled_at IS NULL), sum(total) FILTER (WHERE paid)')));
  check('who came and went in a week', await load({ dimensions: ['summary.segment'], measures: ['summary.entered', 'summary.gone'] },
    ['summary__segment', 'summary__entered', 'summary__gone']),
  (await rows(`SELECT s.name, count(*) FILTER (WHERE m.customer_id % 100 * interval '17 hours' < interval '7 days'), CASE s.name WHEN 'press' THEN 1 ELSE 0 END
               FROM (SELECT 'vip' AS name, customer_id FROM (${spent}) AS v UNION ALL SELECT 'press', i FROM generate_series(1, 4) AS i
                     UNION ALL SELECT 'Who "lives" in Sofia', id FROM customers WHERE city = 'Sofia') AS m RIGHT JOIN (VALUES ('vip'), ('press'),
                    ('Who "lives" in Sofia')) AS s(name) USING (name) GROUP BY s.name`)).sort());
  check('a trend of two segments by day', await load({ dimensions: ['trend.segment'], measures: ['trend.members', 'trend.entered', 'trend.gone'],
    timeDimensions: [{ dimension: 'trend.day', granularity: 'day' }],
    filters: [{ member: 'trend.segment', operator: 'equals', values: ['vip', 'press'] }] },
  ['trend__segment', 'trend__day_day', 'trend__members', 'trend__entered', 'trend__gone']),
  (await rows(`
    WITH span AS (
      SELECT 'vip' AS segment, began() - customer_id % 100 * interval '17 hours' AS since, NULL::timestamptz AS until FROM (${spent}) AS v
      UNION ALL SELECT 'press', began() - i * interval '17 hours', NULL FROM generate_series(1, 4) AS i
      UNION ALL SELECT 'press', began() - interval '20 days', began() - interval '3 days'),
    day AS (SELECT d AS day, d::timestamp AT TIME ZONE 'Europe/Sofia' AS begins, (d + 1)::timestamp AT TIME ZONE 'Europe/Sofia' AS ends
            FROM (SELECT (began() AT TIME ZONE 'Europe/Sofia')::date - i AS d FROM generate_series(0, 29) AS i) AS d)
    SELECT s.segment, to_char(d.day, 'YYYY-MM-DD"T00:00:00.000"'), count(*) FILTER (WHERE s.since < d.ends AND COALESCE(s.until >= d.ends, true)),
           count(*) FILTER (WHERE s.since >= d.begins AND s.since < d.ends), count(*) FILTER (WHERE s.until >= d.begins AND s.until < d.ends)
    FROM span AS s, day AS d GROUP BY 1, 2`)).sort());
  check('a breakdown', await load({ measures: ['cities.members'], dimensions: ['cities.value'] }, ['cities__value', 'cities__members']),
    (await rows(vipByCity)).sort());
  check('an overlap', await load({ measures: ['overlaps.common', 'overlaps.only_a', 'overlaps.only_b'], dimensions: ['overlaps.a'] },
    ['overlaps__a', 'overlaps__common', 'overlaps__only_a', 'overlaps__only_b']),
  await rows(`SELECT 'vip', count(*) FILTER (WHERE p.i IS NOT NULL AND v.customer_id IS NOT NULL), count(*) FILTER (WHERE p.i IS NULL),
                     count(*) FILTER (WHERE v.customer_id IS NULL) FROM (${spent}) AS v FULL JOIN generate_series(1, 4) AS p(i) ON p.i = v.customer_id`));

  const before = await load({ measures: ['vip.count'] }, ['vip__count']);
  const shop = asRole('bi_shop');
  await shop.query('INSERT INTO orders VALUES (9001, 400, 1000, true, NULL, now())');
  check('an order that the shop takes is in the next answer', await load({ measures: ['vip.count'] }, ['vip__count']),
    before.map(([count]) => [String(Number(count) + 1)]));
  await hand.query("SELECT segmentation.create_segment('made later', 'city = ''Varna''')");
  check('and so is the view of a segment that is made later', Object.keys((await driver.tablesSchema()).segments).includes('made later'), true);
  check('of which it may read members', await driver.query('SELECT count(*)::integer AS count FROM segments."made later"'), [{ count: 100 }]);
  const refused = await driver.query('DELETE FROM segmentation.membership').then(() => 'done', (error) => error.code);
  check('and write none', refused, '42501');
}

// Cube keeps timers and connections.
main().then(() => { console.log('read to the end'); process.exit(0); }, (error) => { console.log(error.stack); process.exit(1); });
