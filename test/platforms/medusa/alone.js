// What adopt makes of a seeded shop without the preset: nothing that differs from Medusa's figures; then with hints, then under the preset,
// and last in two currencies.
const { Client } = require("pg");
const openShop = require("./shop.js");
const openJudge = require("./judge.js");

const structure = ["email", "number_of_orders", "first_order_date", "last_order_date", "paid_total", "refunded_total", "amount_spent"];
const hints = { "items.condition": "version = orders.version AND quantity > 0" };

exports.default = async ({ container }) => {
  const client = new Client({ connectionString: process.env.OWNER_URL });
  await client.connect();
  const judge = openJudge(client, new Map());
  const shop = openShop(container);
  let figures = await shop.figures();
  const all = Object.keys([...figures][0][1]);
  judge.is("adopt alone is unsure of", await judge.adopt(null, ["unsure", "ambiguous", "preset"]),
    ["preset Medusa", "unsure items", "unsure orders.cancelled"]);
  await judge.alone("adopt alone", figures, structure);
  judge.is("adopt with hints is unsure of", await judge.adopt(hints, ["unsure", "ambiguous"]), ["unsure orders.cancelled", "unsure orders_total"]);
  await judge.alone("adopt with hints", figures, [...structure, "sum(products_purchased.quantity)"]);
  judge.preset();
  await judge.alone("the preset after adopt", figures, all);

  const [anna] = (await shop.customers()).filter((c) => c.email.startsWith("anna"));
  const order = await shop.overseas(anna.id, "coat", 30.5, 3);
  await shop.pay(order);
  await shop.refund(order, 11);
  const euros = { eur: 1 };
  // Without rates nothing is added to euros.
  figures = await shop.figures(euros);
  await judge.alone("a second currency", figures, all);
  judge.preset();
  await judge.alone("the preset without rates", figures, all);
  judge.preset(`rates=${JSON.stringify({ eur: 1, usd: 2 })}`);
  await judge.alone("the preset with rates", await shop.figures({ eur: 1, usd: 2 }), all);
  await client.end();
};
