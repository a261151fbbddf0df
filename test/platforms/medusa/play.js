// Segments over a seeded shop: every figure is Medusa's, and what Medusa's workflows do moves members at once.
const { Client } = require("pg");
const openShop = require("./shop.js");
const openJudge = require("./judge.js");

const segments = {
  "has ordered": ["number_of_orders >= 1", (f) => f.number_of_orders >= 1],
  "two orders": ["number_of_orders >= 2", (f) => f.number_of_orders >= 2],
  "spent 100": ["amount_spent >= 100", (f) => f.amount_spent >= 100],
  "paid 130": ["paid_total >= 130", (f) => f.paid_total >= 130],
  "got money back": ["refunded_total > 0", (f) => f.refunded_total > 0],
  "ordered for 200": ["orders_total >= 200", (f) => f.orders_total >= 200],
  "high average": ["average_order_value > 100", (f) => f.average_order_value > 100],
  "not since 2025": ["last_order_date < 2026-01-01", (f) => f.last_order_date !== null && f.last_order_date < new Date("2026-01-01")],
  "three things": ["sum(products_purchased.quantity) >= 3", (f) => f["sum(products_purchased.quantity)"] >= 3],
};
const tests = Object.fromEntries(Object.entries(segments).map(([name, [, test]]) => [name, test]));
const others = {
  "bought a coat": "products_purchased MATCHES (title = 'coat')",
  "bought from the kitchen": "categories_purchased CONTAINS 'kitchen'",
  "bought for the home": "categories_purchased CONTAINS 'home'",
  "bought for summer": "products_purchased MATCHES (tag = 'summer')",
  "VIP": "customer_groups CONTAINS 'VIP'",
  "open cart": "carts MATCHES ()",
};

exports.default = async ({ container }) => {
  const shop = openShop(container);
  const client = new Client({ connectionString: process.env.OWNER_URL });
  await client.connect();
  const names = new Map();
  const judge = openJudge(client, names);
  const id = {};
  const learn = (name, key) => { id[name] = key; names.set(key, name); return key; };
  for (const c of await shop.customers()) learn(c.email.split("@")[0] + (c.has_account ? "" : "'s guest"), c.id);

  for (const [name, [rule]] of Object.entries(segments)) await client.query("SELECT segmentation.create_segment($1, $2::text)", [name, rule]);
  for (const [name, rule] of Object.entries(others)) await client.query("SELECT segmentation.create_segment($1, $2::text)", [name, rule]);
  const compare = async (what) => {
    const figures = await shop.figures();
    await judge.words(what, figures);
    await judge.members(what, figures, tests);
  };
  await compare("seeded");
  const stored = await judge.stored();
  judge.is("seeded: by lines, groups and carts", Object.keys(others).map((name) => stored[name]), [
    ["anna", "boris", "clara"], ["anna", "clara"], [], ["anna", "boris's guest"], ["anna", "clara"], ["fred"]]);

  const { step } = judge;
  const made = await step("a customer comes", () => shop.customer("ivo@example.com"), []);
  learn("ivo", made);
  let order = await step("he orders", () => shop.order(id.ivo, { cup: 2 }), ["+ivo bought from the kitchen", "+ivo has ordered"]);
  await judge.together("by the transaction that wrote the order", `SELECT (${judge.member}), (SELECT xmin FROM order_item WHERE order_id = $3)`,
    ["has ordered", id.ivo, order]);
  await step("changes his mind before he pays", () => shop.edit(order, { coat: 2 }),
    ["+ivo bought a coat", "+ivo high average", "+ivo ordered for 200", "+ivo three things"]);
  await step("pays", () => shop.pay(order), ["+ivo paid 130", "+ivo spent 100"]);
  await step("gets a part back", () => shop.refund(order, 50.01), ["+ivo got money back"]);
  await step("and more", () => shop.refund(order, 150), ["-ivo spent 100"]);
  await step("orders once more", async () => { order = await shop.order(id.ivo, { shirt: 1 }); }, ["+ivo bought for summer", "+ivo two orders"]);
  await step("and cancels that", () => shop.cancel(order), ["-ivo bought for summer", "-ivo two orders"]);
  await compare("after ivo");

  order = await step("boris' guest orders, boris does not", () => shop.order(id["boris's guest"], { coat: 1 }),
    ["+boris's guest bought a coat", "+boris's guest two orders"]);
  await step("takes the coat out", () => shop.edit(order, { coat: 0, cup: 1 }), ["+boris's guest bought from the kitchen", "-boris's guest bought a coat"]);
  await step("a draft is no order", () => shop.draft(id.fred, { coat: 2 }), []);
  await step("hugo comes back", () => shop.order(id.hugo, { coat: 2 }),
    ["+hugo bought a coat", "+hugo high average", "+hugo ordered for 200", "+hugo three things", "+hugo two orders", "-hugo not since 2025"]);
  await step("an order of the past", () => shop.pastOrder(id.fred, new Date("2025-05-05T05:05:05Z"), 9.99), ["+fred has ordered", "+fred not since 2025"]);
  const cart = await step("a cart", () => shop.cart(id.gina, { voucher: 3 }), ["+gina open cart"]);
  order = await step("becomes an order", () => shop.complete(cart),
    ["+gina bought from the kitchen", "+gina ordered for 200", "-gina not since 2025", "-gina open cart"]);
  await step("whose payment is captured", () => shop.capture(order), ["+gina paid 130", "+gina spent 100"]);
  const [{ id: vip }] = await shop.groups();
  await step("out of the group", () => shop.leaveGroup(vip, [id.clara]), ["-clara VIP"]);
  await step("a customer goes, her orders stay", () => shop.deleteCustomer(id.clara),
    ["-clara bought a coat", "-clara bought from the kitchen", "-clara got money back", "-clara has ordered", "-clara high average", "-clara paid 130", "-clara spent 100", "-clara three things"]);
  const cooks = ["anna", "boris's guest", "gina", "ivo"];
  await step("the kitchen becomes a part of the home", () => shop.under("Kitchen", "Home"), cooks.map((name) => `+${name} bought for the home`));
  await step("and stands alone again", () => shop.under("Kitchen", null), cooks.map((name) => `-${name} bought for the home`));
  await step("cups are in no category any more (vouchers are in theirs)", () => shop.categorise("cup", []),
    ["boris's guest", "ivo"].map((name) => `-${name} bought from the kitchen`));
  await step("the group goes", () => shop.deleteGroup(vip), ["-anna VIP"]);
  await step("the tag goes", () => shop.deleteTag("summer"), ["-anna bought for summer", "-boris's guest bought for summer"]);
  await step("coats go, those who bought them do not", () => shop.deleteProduct("coat"), []);
  await compare("at the end");

  learn("kira", await shop.customer("kira@example.com"));
  order = await shop.order(id.kira, { shirt: 4, cup: 4 });
  await shop.pay(order);
  await shop.send(order);
  await compare("sent");
  await shop.returns(order, { shirt: 1 });
  await compare("a part comes back");
  await shop.refund(order, 19.99);
  await compare("and is paid back");
  await shop.exchanges(order, { cup: 2 }, { lamp: [1, 33.5] });
  await compare("another part is exchanged");
  await shop.pay(order);
  await compare("and the difference paid");
  await shop.claims(order, { shirt: 1 }, { shirt2: [1] });
  await compare("a claim brings a new one");
  const failed = await judge.end("medusa_app");
  await client.end();
  if (failed) process.exitCode = 1;
};
