// A shop with a past: what Vendure's own code leaves behind before anybody thinks of segments.
const { populate, openShop } = require("./shop.js");
const { mouse, tablet, laptop } = require("./skus.js");

(async () => {
  await populate();
  const shop = await openShop();
  const id = {};
  for (const name of ["anna", "boris", "clara", "dan", "eva", "fred", "gina", "hugo", "ivo"]) id[name] = await shop.customer(name);
  await shop.translate(tablet, "de", "Tafel"); // a row more that a join would multiply lines by
  await shop.translateCollection("Computers", "de", "Rechner");
  await shop.group("VIP", [id.anna, id.clara]);

  let order = await shop.order(id.anna, { [mouse]: 2 }); // changed after it was paid
  await shop.edit(order, { [tablet]: 1 });
  await shop.payMore(order);
  await shop.order(id.boris, { [laptop]: 1 });
  order = await shop.order(id.clara, { [tablet]: 1, [mouse]: 1 }); // one refund done, one only asked for
  await shop.settle(await shop.refund(order, 1050));
  await shop.refund(order, 2000);
  order = await shop.order(id.dan, { [tablet]: 2 }); // cancelled, and a part paid back
  await shop.cancel(order);
  await shop.settle(await shop.refund(order, 10000));
  await shop.order(id.eva, { [tablet]: 1 }); // a customer who goes, while her orders stay, and who comes again
  await shop.deleteCustomer(id.eva);
  await shop.customer("eva again", "eva@example.com");
  await shop.cart(id.fred, { [mouse]: 1 });
  order = await shop.cart(id.fred, { [laptop]: 1 }); // a payment that was declined
  await shop.checkout(order);
  await shop.decline(order);
  order = await shop.order(id.gina, { [tablet]: 1, [mouse]: 3 });
  await shop.cancel(order, { [mouse]: 1 });
  await shop.backdate(await shop.order(id.ivo, { [mouse]: 4 }), new Date("2025-07-01T03:59:59Z"));
  await shop.close();
  process.exit(0);
})();
