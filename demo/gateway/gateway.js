// Serves shared lists (segmentation.share) over HTTP: GET /list.csv and /list.json with "Authorization: Bearer TOKEN", and where TOKEN_IN_PATH
// is set GET /list/TOKEN.csv and /list/TOKEN.json as well. It connects as a role of level 'shared', by the usual PG... variables, and listens on
// HOST and PORT; TRUST_PROXY is how many proxies before it tell whom a request is from, RATE how many an address may make a minute.
import { Readable } from "node:stream";
import rateLimit from "@fastify/rate-limit";
import { stringify } from "csv-stringify/sync";
import Fastify from "fastify";
import pg from "pg";

const { HOST = "127.0.0.1", PORT = 8080, RATE = 60, TOKEN_IN_PATH, TRUST_PROXY = 0 } = process.env;
const rowsAPage = 2000;

// Values stay the text that the server makes of them, so that no number goes through floating point. The token is a parameter: it stands in no log of statements.
const statements = {
  csv: `SELECT s.customer, to_json(s.entered_at) #>> '{}' AS entered_at, v.names, v.texts, v.types FROM segmentation.shared($1, $2, $3) AS s, LATERAL (
    SELECT array_agg(e.key ORDER BY e.at) AS names, array_agg(s."values" ->> e.key ORDER BY e.at) AS texts, array_agg(json_typeof(e.value) ORDER BY e.at) AS types
    FROM json_each(s."values") WITH ORDINALITY AS e(key, value, at)) AS v`,
  json: `SELECT s.customer, row_to_json(s)::text AS line FROM segmentation.shared($1, $2, $3) AS s`,
};
const types = { csv: "text/csv; charset=utf-8; header=present", json: "application/json; charset=utf-8" };

const pool = new pg.Pool({ max: 4, connectionTimeoutMillis: 5000, statement_timeout: 30000, options: "-c timezone=UTC" });
pool.on("error", () => {}); // an idle connection that broke; the next request makes another

// Page by page, so that a slow reader keeps no transaction open, and memory holds a page whatever the list's length.
async function* pagesOf(token, format) {
  for (let after = null; ; ) {
    const { rows } = await pool.query({ name: format, text: statements[format], values: [token, after, rowsAPage] });
    yield rows;
    if (rows.length < rowsAPage) return;
    after = rows.at(-1).customer;
  }
}

// What a spreadsheet would take for a formula gets an apostrophe, unless it is a number or a telephone number: the rule of segmentation.export.
const guarded = (text) => (text !== null && /^[\t\n\r+\-=@\uFF0B\uFF0D\uFF1D\uFF20]/.test(text) && !/^[+-][0-9 ()./-]*$/.test(text) ? `'${text}` : text);
const cells = (row) => [guarded(row.customer), row.entered_at, ...(row.texts ?? []).map((text, i) => (row.types[i] === "number" ? text : guarded(text)))];
const csv = (lines) => stringify(lines, { quoted_string: true, record_delimiter: "windows" });

const writers = {
  async *csv(first, pages) {
    yield csv([["customer", "entered_at", ...(first[0]?.names ?? []).map(guarded)]]) + csv(first.map(cells));
    for await (const rows of pages) yield csv(rows.map(cells));
  },
  async *json(first, pages) {
    yield "[" + first.map((row) => row.line).join(",\n");
    for await (const rows of pages) yield rows.map((row) => ",\n" + row.line).join("");
    yield "]\n";
  },
};

const headers = {
  "cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex", "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
};
// One answer to all that is not a good token.
const notFound = (request, reply) => reply.code(404).headers(headers).type("application/json; charset=utf-8").send('{"error":"not found"}\n');

const app = Fastify({
  exposeHeadRoutes: false, // HEAD asks nothing, and is answered like anything unknown
  frameworkErrors: (error, request, reply) => notFound(request, reply), // a path that is none
  disableRequestLogging: true, // paths may hold tokens
  logger: { level: "warn", serializers: { req: (request) => ({ method: request.method }) } },
  trustProxy: Number(TRUST_PROXY) || false,
  connectionTimeout: 60000, // who takes nothing for so long is gone
  requestTimeout: 10000,
});
app.addHook("onRequest", async (request, reply) => {
  reply.headers(headers);
});
await app.register(rateLimit, { max: Number(RATE), timeWindow: "1 minute" });

app.setNotFoundHandler({ preHandler: app.rateLimit() }, notFound);
app.setErrorHandler((error, request, reply) => {
  if (error.statusCode === 429) return reply.code(429).send({ error: "too many requests" });
  if (error.statusCode < 500) return notFound(request, reply);
  request.log.error({ code: error.code }, error.message);
  return reply.code(503).send({ error: "not available" });
});

async function serve(request, reply, token, format) {
  const pages = pagesOf(token, format);
  let first;
  try {
    first = (await pages.next()).value;
  } catch (error) {
    if (["28000", "22021"].includes(error.code)) return notFound(request, reply); // 22021: no text at all, as %00 in a path
    throw error;
  }
  if (format === "csv") reply.header("content-disposition", 'attachment; filename="list.csv"');
  return reply.type(types[format]).send(Readable.from(writers[format](first, pages), { objectMode: false, highWaterMark: 1 }));
}

for (const format of Object.keys(statements)) {
  app.get(`/list.${format}`, (request, reply) => serve(request, reply, /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "", format));
  if (TOKEN_IN_PATH) app.get(`/list/:token.${format}`, (request, reply) => serve(request, reply, request.params.token, format));
}

await app.listen({ host: HOST, port: Number(PORT) });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close().then(() => pool.end()));
