// A Vendure shop: what its own services do, under short names.
const path = require("path");
const core = require("@vendure/core");
const { populate } = require("@vendure/core/cli");
const { config } = require("./config.js");

const address = { fullName: "A B", streetLine1: "1 Main St", city: "London", postalCode: "N1", countryCode: "GB" };
const assets = path.join(path.dirname(require.resolve("@vendure/create/package.json")), "assets");

// Errors of Vendure's services are values.
const checked = (result) => {
  if (result && result.errorCode) throw new Error(`${result.errorCode}: ${result.message} ${result.transitionError ?? ""}`);
  return result;
};

exports.populate = async () => {
  const initial = { ...require(path.join(assets, "initial-data.json")) };
  initial.paymentMethods = [{ name: "Card", handler: { code: "dummy-payment-handler", arguments: [{ name: "automaticSettle", value: "true" }] } }];
  const app = await core.bootstrap(config(false));
  await app.get(core.JobQueueService).start();
  await populate(async () => app, initial, path.join(assets, "products.csv"));
  // Collections get their variants by jobs.
  const [collections, ctx] = [app.get(core.CollectionService), await app.get(core.RequestContextService).create({ apiType: "admin" })];
  for (let tries = 0; ; tries++) {
    const { items } = await collections.findAll(ctx, { take: 1000 }, ["productVariants"]);
    if (items.length > 0 && items.every((c) => c.productVariants.length > 0)) break;
    if (tries === 120) throw new Error("collections are empty");
    await new Promise((wait) => setTimeout(wait, 500));
  }
  await app.close();
};

exports.openShop = async () => {
  const { app } = await core.bootstrapWorker(config(false));
  const ctx = await app.get(core.RequestContextService).create({ apiType: "admin" });
  const orders = app.get(core.OrderService);
  const customers = app.get(core.CustomerService);
  const groups = app.get(core.CustomerGroupService);
  const connection = app.get(core.TransactionalConnection);
  const inTransaction = (act) => connection.withTransaction(ctx, act);
  const { items: variants } = await app.get(core.ProductVariantService).findAll(ctx, { take: 1000 });
  const variant = (sku) => variants.find((v) => v.sku === sku) ?? (() => { throw new Error(`no variant "${sku}"`); })();
  const relations = ["lines", "payments", "payments.refunds", "customer", "surcharges", "shippingLines"];

  const shop = {
    context: ctx,
    close: () => app.close(),
    customer: async (name, email = `${name}@example.com`) =>
      checked(await inTransaction((c) => customers.create(c, { emailAddress: email, firstName: name, lastName: "Test" }))).id,
    async translateCollection(name, languageCode, other) {
      const { items } = await app.get(core.CollectionService).findAll(ctx, { take: 1000 });
      await inTransaction((c) => app.get(core.CollectionService).update(c, { id: items.find((i) => i.name === name).id,
        translations: [{ languageCode, name: other, slug: `${other}-${languageCode}`, description: "" }] }));
    },
    // Facet values, and names in other languages.
    mark: (sku, facetValueIds) => inTransaction((c) => app.get(core.ProductService).update(c, { id: variant(sku).productId, facetValueIds })),
    translate: (sku, languageCode, name) => inTransaction((c) => app.get(core.ProductService).update(c, {
      id: variant(sku).productId, translations: [{ languageCode, name, slug: `${name}-${languageCode}`, description: "" }] })),
    deleteCustomer: (id) => inTransaction((c) => customers.softDelete(c, id)),
    group: async (name, customerIds) => (await inTransaction((c) => groups.create(c, { name, customerIds }))).id,
    leaveGroup: (id, customerIds) => inTransaction((c) => groups.removeCustomersFromGroup(c, { customerGroupId: id, customerIds })),
    // lines: sku -> quantity
    async cart(customer, lines, ctx = shop.context) {
      const order = await orders.create(ctx);
      await orders.addCustomerToOrder(ctx, order.id, await customers.findOne(ctx, customer));
      for (const [sku, quantity] of Object.entries(lines)) checked(await orders.addItemToOrder(ctx, order.id, variant(sku).id, quantity));
      return order.id;
    },
    async checkout(order) {
      await orders.setShippingAddress(ctx, order, address);
      const [method] = await orders.getEligibleShippingMethods(ctx, order);
      checked(await orders.setShippingMethod(ctx, order, [method.id]));
      checked(await orders.transitionToState(ctx, order, "ArrangingPayment"));
    },
    pay: (order) => inTransaction(async (c) => checked(await orders.addPaymentToOrder(c, order, { method: "card", metadata: {} }))),
    decline: (order) => inTransaction(async (c) => (await orders.addPaymentToOrder(c, order, { method: "card", metadata: { shouldDecline: true } })).errorCode),
    async order(customer, lines, ctx) {
      const order = await shop.cart(customer, lines, ctx);
      await shop.checkout(order);
      await shop.pay(order);
      return order;
    },
    // Sells something in a second currency, too.
    async sellIn(currencyCode, sku, price) {
      const channel = await app.get(core.ChannelService).getDefaultChannel(ctx);
      await inTransaction(async (c) => checked(await app.get(core.ChannelService).update(c, { id: channel.id, availableCurrencyCodes: ["USD", currencyCode] })));
      await inTransaction((c) => app.get(core.ProductVariantService).update(c, [{ id: variant(sku).id, prices: [{ currencyCode, price }] }]));
      return app.get(core.RequestContextService).create({ apiType: "admin", currencyCode });
    },
    cancel: (order, lines) => inTransaction(async (c) => {
      const found = await orders.findOne(c, order, ["lines", "lines.productVariant"]);
      checked(await orders.cancelOrder(c, {
        orderId: order, reason: "test", cancelShipping: !lines,
        lines: lines && Object.entries(lines).map(([sku, quantity]) => ({ quantity, orderLineId: found.lines.find((l) => l.productVariant.sku === sku).id })),
      }));
    }),
    async refund(order, amount) {
      const [payment] = await orders.getOrderPayments(ctx, order);
      const made = await inTransaction(async (c) => checked(await orders.refundOrder(c, { lines: [], adjustment: 0, shipping: 0, amount, paymentId: payment.id })));
      return made.id;
    },
    settle: (refund) => inTransaction((c) => orders.settleRefund(c, { id: refund, transactionId: "test" })),
    // Changes a placed order: sku -> quantity, of a new line or of the line that is there. Where that makes it cheaper, `back` is owed. Returns the refund.
    async edit(order, lines, back = 0) {
      checked(await orders.transitionToState(ctx, order, "Modifying"));
      return inTransaction(async (c) => {
        const found = await orders.findOne(c, order, ["lines", "lines.productVariant"]);
        const [addItems, adjustOrderLines] = [[], []];
        for (const [sku, quantity] of Object.entries(lines)) {
          const line = found.lines.find((l) => l.productVariant.sku === sku);
          if (line) adjustOrderLines.push({ orderLineId: line.id, quantity });
          else addItems.push({ productVariantId: variant(sku).id, quantity });
        }
        const [payment] = await orders.getOrderPayments(c, order);
        checked(await orders.modifyOrder(c, { orderId: order, dryRun: false, addItems, adjustOrderLines, refunds: [{ paymentId: payment.id, amount: back }] }));
        return (await orders.getPaymentRefunds(c, payment.id)).at(-1)?.id;
      });
    },
    // What is due after an edit, and back to the state of a paid order.
    async payMore(order) {
      checked(await orders.transitionToState(ctx, order, "ArrangingAdditionalPayment"));
      await inTransaction(async (c) => checked(await orders.addManualPaymentToOrder(c, { orderId: order, method: "cash", transactionId: "test", metadata: {} })));
      checked(await orders.transitionToState(ctx, order, "PaymentSettled"));
    },
    ordersOf: async (customer) => (await orders.findByCustomerId(ctx, customer, { take: 1000 })).items,
    groups: async () => (await groups.findAll(ctx)).items,
    backdate: (order, date) => connection.getRepository(ctx, core.Order).update(order, { orderPlacedAt: date }),
    customers: async () => (await customers.findAll(ctx, { take: 1000 })).items,
    // What Vendure itself says of each customer that it has; its money is in hundredths.
    // Sums are of orders in the currencies that have a rate, where there are rates.
    async figures(rates) {
      const answer = new Map();
      for (const customer of await shop.customers()) {
        const { items } = await orders.findByCustomerId(ctx, customer.id, { take: 1000 }, relations);
        const own = items.filter((o) => o.orderPlacedAt);
        const kept = own.filter((o) => o.state !== "Cancelled");
        const dates = kept.map((o) => o.orderPlacedAt).sort((a, b) => a - b);
        const sum = (list, f) => list.reduce((s, o) => s + f(o), 0);
        const worth = rates ? (f) => (o) => f(o) / (rates[o.currencyCode] ?? Infinity) : (f) => f;
        const valued = kept.filter((o) => !rates || rates[o.currencyCode]);
        const payments = (o) => o.payments.filter((p) => p.state === "Settled");
        const total = worth((o) => o.totalWithTax);
        const paid = sum(own, worth((o) => sum(payments(o), (p) => p.amount)));
        const refunded = sum(own, worth((o) => sum(payments(o), (p) => sum(p.refunds.filter((r) => r.state === "Settled"), (r) => r.total))));
        answer.set(String(customer.id), {
          "\"emailAddress\"": customer.emailAddress, number_of_orders: kept.length, orders_total: sum(own, total) / 100,
          paid_total: paid / 100, refunded_total: refunded / 100, amount_spent: (paid - refunded) / 100,
          average_order_value: valued.length ? sum(valued, total) / valued.length / 100 : null,
          first_order_date: dates[0] ?? null, last_order_date: dates.at(-1) ?? null,
          "count(carts)": items.filter((o) => o.active && !o.orderPlacedAt).length,
          "sum(products_purchased.quantity)": sum(kept, (o) => o.totalQuantity),
          "sum(products_purchased.list_amount)": sum(kept, (o) => sum(o.lines, (l) => l.listPrice * l.quantity)) / 100,
        });
      }
      return answer;
    },
  };
  return shop;
};
