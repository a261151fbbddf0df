// Segments over a seeded shop: every figure is Vendure's, and what Vendure's services do moves members at once.
const { Client } = require("pg");
const { openShop } = require("./shop.js");
const openJudge = require("./judge.js");
const { mouse, tablet } = require("./skus.js");

const segments = {
  "has ordered": ["number_of_orders >= 1", (f) => f.number_of_orders >= 1],
  "two orders": ["number_of_orders >= 2", (f) => f.number_of_orders >= 2],
  "spent 500": ["amount_spent >= 500", (f) => f.amount_spent >= 500],
  "paid 1000": ["paid_total >= 1000", (f) => f.paid_total >= 1000],
  "got money back": ["refunded_total > 0", (f) => f.refunded_total > 0],
  "ordered for 800": ["orders_total >= 800", (f) => f.orders_total >= 800],
  "high average": ["average_order_value > 500", (f) => f.average_order_value > 500],
  "not since 2025": ["last_order_date < 2026-01-01", (f) => f.last_order_date !== null && f.last_order_date < new Date("2026-01-01")],
  "three things": ["sum(products_purchased.quantity) >= 3", (f) => f["sum(products_purchased.quantity)"] >= 3],
  "cart": ["carts MATCHES ()", (f) => f["count(carts)"] >= 1],
};
const tests = Object.fromEntries(Object.entries(segments).map(([name, [, test]]) => [name, test]));
const others = {
  "bought a tablet": "products_purchased MATCHES (title = 'Tablet')",
  "bought Logitech": "products_purchased MATCHES (tag = 'logitech')",
  "bought computers": "products_purchased MATCHES (category = 'Computers', quantity > 1)",
  "VIP": "customer_groups CONTAINS 'VIP'",
  // True only where "createdAt" is read in the zone in which it was written.
  "new here": "registered_at BETWEEN -1h AND +1h",
};

(async () => {
  const shop = await openShop();
  const client = new Client({ connectionString: process.env.OWNER_URL });
  await client.connect();
  const names = new Map();
  const judge = openJudge(client, names);
  const id = {};
  const learn = (name, key) => { id[name] = key; names.set(String(key), name); };
  const customers = await shop.customers();
  for (const c of customers) learn(c.firstName, c.id);
  const everybody = [...names.values()].sort();

  for (const [name, [rule]] of Object.entries(segments)) await client.query("SELECT segmentation.create_segment($1, $2::text)", [name, rule]);
  for (const [name, rule] of Object.entries(others)) await client.query("SELECT segmentation.create_segment($1, $2::text)", [name, rule]);
  const compare = async (what) => {
    const figures = await shop.figures();
    await judge.words(what, figures);
    await judge.members(what, figures, tests);
  };
  await compare("seeded");
  const stored = await judge.stored();
  judge.is("seeded: by lines, groups and dates", Object.keys(others).map((name) => stored[name]), [
    ["anna", "clara", "gina"], ["anna", "clara", "gina", "ivo"], ["anna", "gina", "ivo"], ["anna", "clara"], everybody]);

  const { step } = judge;
  learn("jana", await step("a customer comes", async () => { const c = await shop.customer("jana"); names.set(String(c), "jana"); return c; }, ["+jana new here"]));
  let order = await step("she fills a cart", () => shop.cart(id.jana, { [mouse]: 2 }), ["+jana cart"]);
  await step("goes to pay", () => shop.checkout(order), []);
  await step("pays", () => shop.pay(order), ["+jana bought Logitech", "+jana bought computers", "+jana has ordered", "-jana cart"]);
  await judge.together("by the transaction that wrote the payment", `SELECT (${judge.member}), (SELECT xmin FROM payment WHERE "orderId" = $3)`,
    ["has ordered", id.jana, order]);
  await step("wants more", () => shop.edit(order, { [tablet]: 2 }),
    ["+jana bought a tablet", "+jana high average", "+jana ordered for 800", "+jana three things"]);
  await step("pays for it", () => shop.payMore(order), ["+jana spent 500"]);
  const refund = await step("asks money back", () => shop.refund(order, 40000), []);
  await step("gets it", () => shop.settle(refund), ["+jana got money back", "-jana spent 500"]);
  await step("cancels all", () => shop.cancel(order),
    ["-jana bought Logitech", "-jana bought a tablet", "-jana bought computers", "-jana has ordered", "-jana high average", "-jana ordered for 800", "-jana three things"]);
  await compare("after jana");

  await step("boris orders again", () => shop.order(id.boris, { [mouse]: 1 }), ["+boris bought Logitech", "+boris two orders"]);
  await step("ivo comes back", () => shop.order(id.ivo, { [mouse]: 1 }), ["+ivo two orders", "-ivo not since 2025"]);
  const [{ id: ginas }] = await shop.ordersOf(id.gina);
  const owed = await step("gina sends the mice back", () => shop.edit(ginas, { [mouse]: 0 }, 4558), ["-gina bought Logitech", "-gina bought computers", "-gina three things"]);
  await step("and is paid back", () => shop.settle(owed), ["+gina got money back"]);
  await step("fred's card works now", async () => shop.pay((await shop.ordersOf(id.fred)).find((o) => o.state === "ArrangingPayment").id),
    ["+fred has ordered", "+fred high average", "+fred ordered for 800", "+fred paid 1000", "+fred spent 500"]);
  const [{ id: vip }] = await shop.groups();
  await step("out of the group", () => shop.leaveGroup(vip, [id.clara]), ["-clara VIP"]);
  await step("a customer goes, her orders stay", () => shop.deleteCustomer(id.clara),
    ["-clara bought Logitech", "-clara bought a tablet", "-clara got money back", "-clara has ordered", "-clara new here"]);
  await step("the mouse has no brand any more", () => shop.mark(mouse, []), ["anna", "boris", "ivo"].map((name) => `-${name} bought Logitech`));
  await compare("at the end");
  const failed = await judge.end("vendure_app");
  await client.end();
  await shop.close();
  process.exit(failed ? 1 : 0);
})();
