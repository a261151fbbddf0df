// Holds segments against a platform's own figures. A platform gives `figures()`: customer -> {word: value} by its own code; a value is a
// number, a Date, null for what is missing, or a text. Asked are stored members, right after each step, and every word of each customer.
const words = (row) => Object.entries(row);
const near = 1e-6;

// A rule that holds where the word has this value. A Date of JavaScript has milliseconds, an average no last digit.
function ruleOf(word, value) {
  if (value === null || value === undefined) return `${word} IS NULL`;
  if (value instanceof Date) return `${word} BETWEEN ${value.toISOString()} AND ${new Date(value.getTime() + 1).toISOString()}`;
  if (typeof value === "number") {
    return Number.isInteger(value * 100) || !word.startsWith("average") ? `${word} = ${+value.toFixed(4)}`
      : `${word} BETWEEN ${(value - near).toFixed(8)} AND ${(value + near).toFixed(8)}`;
  }
  return `${word} = '${value.replace(/'/g, "''")}'`;
}

const { execFileSync } = require("child_process");

module.exports = function judge(client, names) {
  let passed = 0;
  let failed = 0;
  let before = null;
  const rows = async (text, values) => (await client.query(text, values)).rows;
  const nameOf = (id) => names.get(String(id)) ?? String(id);

  const it = {
    member: "SELECT m.xmin FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE s.name = $1 AND m.customer_id = $2",
    rows,
    is(what, got, expected) {
      const [g, e] = [JSON.stringify(got), JSON.stringify(expected)];
      if (g === e) { passed++; console.log(`ok: ${what}`); return; }
      failed++;
      console.log(`not ok: ${what}\n  got      ${g}\n  expected ${e}`);
    },
    // segment -> names of its stored members
    async stored() {
      const found = await rows(`SELECT s.name, m.customer_id::text AS id FROM segmentation.segment AS s
        LEFT JOIN segmentation.membership AS m ON m.segment_id = s.id`);
      const answer = {};
      for (const { name, id } of found) {
        answer[name] ??= [];
        if (id !== null) answer[name].push(nameOf(id));
      }
      for (const list of Object.values(answer)) list.sort();
      return answer;
    },
    // Does something by the platform's code. `moves` are who enters (+) and leaves (-), by hand.
    async step(what, act, moves) {
      before ??= await it.stored();
      const answer = await act();
      const after = await it.stored();
      const moved = [];
      for (const name of Object.keys(after)) {
        for (const c of after[name]) if (!before[name].includes(c)) moved.push(`+${c} ${name}`);
        for (const c of before[name]) if (!after[name].includes(c)) moved.push(`-${c} ${name}`);
      }
      it.is(what, moved.sort(), [...moves].sort());
      before = after;
      return answer;
    },
    // Every word of every customer equals the platform's figure.
    async words(what, figures) {
      const wrong = [];
      let asked = 0;
      for (const [id, row] of figures) {
        for (const [word, value] of words(row)) {
          const rule = ruleOf(word, value);
          asked++;
          const [{ holds }] = await rows("SELECT segmentation.matches($1, $2) AS holds", [rule, id]);
          if (!holds) {
            const shown = await rows("SELECT actual FROM segmentation.explain($1, $2) LIMIT 1", [rule, id]);
            wrong.push(`${nameOf(id)}: ${rule}, not ${shown[0]?.actual}`);
          }
        }
      }
      it.is(`${what}: ${asked} figures of ${figures.size} customers are the platform's`, wrong, []);
    },
    // Those of the platform's words that are defined, by name; each of them equals the platform's figure for everybody.
    async alone(what, figures, defined) {
      const some = [...figures][0];
      const found = [];
      for (const word of Object.keys(some[1])) {
        try {
          await client.query("SELECT segmentation.matches($1, $2)", [`${word} IS NULL`, some[0]]);
          found.push(word);
        } catch (e) { if (e.code !== "42703" && e.code !== "42704") throw e; }
      }
      it.is(`${what}: defined`, found.sort(), [...defined].sort());
      await it.words(what, new Map([...figures].map(([id, row]) => [id, Object.fromEntries(words(row).filter(([word]) => found.includes(word)))])));
    },
    // What adopt says, as "kind name", of the kinds that are asked for.
    async adopt(hints, kinds) {
      const said = await rows("SELECT kind || ' ' || name AS said FROM segmentation.adopt('public', $1) WHERE kind = ANY ($2) ORDER BY 1", [hints, kinds]);
      return said.map((row) => row.said);
    },
    // Applies the platform's preset once more, with further settings.
    preset: (...settings) => execFileSync("psql", ["-Xqd", process.env.OWNER_URL, ...process.env.PRESET_SETTINGS.split(" ").concat(settings).flatMap((s) => ["-v", s]), "-f", process.env.PRESET],
      { env: { ...process.env, PGOPTIONS: "-c client_min_messages=error" } }),
    // Stored members are those for whom the platform's figures say so: rules is segment -> a test of figures.
    async members(what, figures, rules) {
      const expected = {};
      for (const [name, test] of Object.entries(rules)) {
        expected[name] = [...figures].filter(([, row]) => test(row)).map(([id]) => nameOf(id)).sort();
      }
      const stored = await it.stored();
      it.is(`${what}: members by the platform's figures`, Object.fromEntries(Object.keys(rules).map((n) => [n, stored[n]])), expected);
    },
    // The rows of two xmins were written by one transaction: subtransactions commit when their parent does.
    async together(what, query, values) {
      const found = await rows(`SELECT pg_xact_commit_timestamp(r.a) IS NOT NULL AND pg_xact_commit_timestamp(r.a) = pg_xact_commit_timestamp(r.b) AS held
        FROM (${query}) AS r(a, b)`, values);
      it.is(what, found, [{ held: true }]);
    },
    async end(appRole) {
      it.is("verify finds nothing", await rows("SELECT * FROM segmentation.verify()"), []);
      // By commits alone: nothing was queued, no clock ran.
      it.is("no worker, nothing queued or set aside", await rows("SELECT worker, queued::int, set_aside::int, ticked_at FROM segmentation.status"),
        [{ worker: null, queued: 0, set_aside: 0, ticked_at: null }]);
      for (const table of ["membership", "segment", "state"]) {
        await client.query("BEGIN");
        let state = "none";
        try {
          await client.query(`SET LOCAL ROLE ${appRole}`);
          await client.query(`SELECT FROM segmentation.${table}`);
        } catch (e) { state = e.code; }
        await client.query("ROLLBACK");
        it.is(`the platform's role may not read ${table}`, state, "42501");
      }
      console.log(`judged ${passed + failed}`);
      return failed;
    },
  };
  return it;
};
