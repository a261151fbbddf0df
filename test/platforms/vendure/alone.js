// What adopt makes of a seeded shop without the preset: nothing that differs from Vendure's figures; then with hints, then under the preset,
// and last in two currencies.
const { Client } = require("pg");
const { openShop } = require("./shop.js");
const openJudge = require("./judge.js");
const { mouse } = require("./skus.js");

const structure = ["\"emailAddress\"", "number_of_orders", "count(carts)", "sum(products_purchased.quantity)"];
const told = ["orders_total", "paid_total", "refunded_total", "amount_spent", "average_order_value", "first_order_date", "last_order_date"];
const zones = { zone: "UTC", "orders.zone": process.env.TZ };
const hints = { ...zones, "orders.total": ["subTotalWithTax", "shippingWithTax"], "orders.minor_units": 100 };

(async () => {
  const shop = await openShop();
  const client = new Client({ connectionString: process.env.OWNER_URL });
  await client.connect();
  const judge = openJudge(client, new Map());
  let figures = await shop.figures();
  const all = Object.keys([...figures][0][1]);
  judge.is("adopt alone is unsure of", await judge.adopt(null, ["unsure", "ambiguous", "preset"]),
    ["preset Vendure", "unsure carts.zone", "unsure customer_added_date", "unsure orders.cancelled", "unsure orders.zone", "unsure orders_total", "unsure paid_total",
      "unsure payments.zone", "unsure refunded_total", "unsure refunds.zone", "unsure registered_at"]);
  await judge.alone("adopt alone", figures, structure);
  judge.is("adopt with hints is unsure of", await judge.adopt(hints, ["unsure", "ambiguous"]), ["unsure orders.cancelled"]);
  await judge.alone("adopt with hints", figures, [...structure, ...told]);
  judge.preset();
  await judge.alone("the preset after adopt", figures, all);

  const euros = await shop.sellIn("EUR", mouse, 2050);
  const [anna] = (await shop.customers()).filter((c) => c.firstName === "anna");
  const order = await shop.order(anna.id, { [mouse]: 3 }, euros);
  await shop.settle(await shop.refund(order, 1111));
  // Without rates nothing is added to dollars.
  figures = await shop.figures({ USD: 1 });
  await judge.alone("a second currency", figures, all);
  judge.preset();
  await judge.alone("the preset without rates", figures, all);
  judge.preset(`rates=${JSON.stringify({ USD: 1, EUR: 0.5 })}`);
  await judge.alone("the preset with rates", await shop.figures({ USD: 1, EUR: 0.5 }), all);
  await client.end();
  await shop.close();
  process.exit(0);
})();
