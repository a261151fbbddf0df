// What adopt makes of a seeded shop without the preset: nothing that differs from Medusa's figures; then with hints, then under the preset.
const { Client } = require("pg");
const openShop = require("./shop.js");
const openJudge = require("./judge.js");

const structure = ["email", "number_of_orders", "first_order_date", "last_order_date", "paid_total", "refunded_total", "amount_spent"];
const hints = { "items.condition": "version = orders.version AND quantity > 0" };

exports.default = async ({ container }) => {
  const client = new Client({ connectionString: process.env.OWNER_URL });
  await client.connect();
  const judge = openJudge(client, new Map());
  const figures = await openShop(container).figures();
  if (process.env.STAGE === "preset") await judge.alone("the preset after adopt", figures, Object.keys([...figures][0][1]));
  else {
    judge.is("adopt alone is unsure of", await judge.adopt(null, ["unsure", "ambiguous", "preset"]),
      ["preset Medusa", "unsure items", "unsure orders.cancelled"]);
    await judge.alone("adopt alone", figures, structure);
    judge.is("adopt with hints is unsure of", await judge.adopt(hints, ["unsure", "ambiguous"]), ["unsure orders.cancelled", "unsure orders_total"]);
    await judge.alone("adopt with hints", figures, [...structure, "sum(products_purchased.quantity)"]);
  }
  await client.end();
};
