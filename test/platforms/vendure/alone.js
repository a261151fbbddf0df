// What adopt makes of a seeded shop without the preset: nothing that differs from Vendure's figures; then with hints, then under the preset.
const { Client } = require("pg");
const { openShop } = require("./shop.js");
const openJudge = require("./judge.js");

const structure = ["\"emailAddress\"", "number_of_orders", "count(carts)", "sum(products_purchased.quantity)"];
const told = ["orders_total", "paid_total", "refunded_total", "amount_spent", "average_order_value", "first_order_date", "last_order_date"];
const zones = { zone: "UTC", "orders.zone": process.env.TZ };
const hints = { ...zones, "orders.total": ["subTotalWithTax", "shippingWithTax"], "orders.minor_units": 100 };

(async () => {
  const shop = await openShop();
  const client = new Client({ connectionString: process.env.OWNER_URL });
  await client.connect();
  const judge = openJudge(client, new Map());
  const figures = await shop.figures();
  if (process.env.STAGE === "preset") await judge.alone("the preset after adopt", figures, Object.keys([...figures][0][1]));
  else {
    judge.is("adopt alone is unsure of", await judge.adopt(null, ["unsure", "ambiguous", "preset"]),
      ["preset Vendure", "unsure carts.zone", "unsure customer_added_date", "unsure orders.cancelled", "unsure orders.zone", "unsure orders_total", "unsure paid_total",
        "unsure payments.zone", "unsure refunded_total", "unsure refunds.zone", "unsure registered_at"]);
    await judge.alone("adopt alone", figures, structure);
    judge.is("adopt with hints is unsure of", await judge.adopt(hints, ["unsure", "ambiguous"]), ["unsure orders.cancelled"]);
    await judge.alone("adopt with hints", figures, [...structure, ...told]);
  }
  await client.end();
  await shop.close();
  process.exit(0);
})();
