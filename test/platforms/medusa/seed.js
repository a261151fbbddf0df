// A shop with a past: what Medusa's own code leaves behind before anybody thinks of segments. Traps of its schema first.
const openShop = require("./shop.js");

exports.default = async ({ container }) => {
  const shop = openShop(container);
  await shop.open({ shirt: 19.99, cup: 7.5, coat: 120, voucher: 50 });
  const id = {};
  for (const name of ["anna", "boris", "clara", "dan", "eva", "fred", "gina", "hugo"]) id[name] = await shop.customer(`${name}@example.com`);
  const guest = await shop.customer("boris@example.com", false); // one e-mail, two customers
  await shop.group("VIP", [id.anna, id.clara]);

  let order = await shop.order(id.anna, { shirt: 2, cup: 1 }); // edited before it is paid: two versions of lines, one without prices
  await shop.edit(order, { shirt: 1, cup: 0, coat: 2 });
  await shop.pay(order);
  await shop.order(id.anna, { cup: 4 }); // never paid
  order = await shop.complete(await shop.abroad(id.anna, { voucher: 3 })); // tax and a discount
  await shop.capture(order);
  await shop.edit(order, { cup: 2, voucher: 2 });
  await shop.refund(order, 10);
  await shop.pay(await shop.order(id.boris, { coat: 1 }));
  await shop.pay(await shop.order(guest, { shirt: 3 }));
  order = await shop.order(id.clara, { coat: 1, cup: 2 }); // paid back in part
  await shop.pay(order);
  await shop.refund(order, 10.5);
  order = await shop.order(id.dan, { coat: 3 }); // cancelled after payment, and before it
  await shop.pay(order);
  await shop.cancel(order);
  await shop.cancel(await shop.order(id.dan, { shirt: 1 }));
  await shop.pay(await shop.order(id.eva, { coat: 1 })); // a customer who goes, while her orders stay
  await shop.deleteCustomer(id.eva);
  await shop.draft(id.fred, { coat: 1 });
  await shop.cart(id.fred, { cup: 2 });
  for (const [date, price] of [["2025-01-05T10:00:00Z", 55.55], ["2025-03-09T23:59:59Z", 12.1], ["2024-02-29T00:00:00Z", 0.1]]) {
    await shop.pastOrder(id.gina, new Date(date), price);
  }
  for (const [customer, price] of [[id.boris, 20.2], [id.hugo, 33.33]]) await shop.pastOrder(customer, new Date("2025-06-01T08:00:00Z"), price);
};
