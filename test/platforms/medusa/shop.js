// A Medusa shop: what its own workflows do, under short names. Nothing here writes to the database but by them.
const { Modules, ContainerRegistrationKeys, ProductStatus } = require("@medusajs/framework/utils");
const flows = require("@medusajs/medusa/core-flows");

const address = { first_name: "A", last_name: "B", address_1: "1 Main St", city: "Sofia", country_code: "de", postal_code: "1000" };
const number = (value) => Number(value ?? 0);

module.exports = function openShop(container) {
  const query = container.resolve(ContainerRegistrationKeys.QUERY);
  const run = async (workflow, input) => (await workflow(container).run({ input })).result;
  const graph = async (entity, fields, filters) => (await query.graph({ entity, fields, filters })).data;
  const place = async () => ({
    region: (await graph("region", ["id"]))[0].id,
    channel: (await graph("sales_channel", ["id"]))[0].id,
    variants: Object.fromEntries((await graph("variant", ["id", "sku"])).map((v) => [v.sku, v.id])),
  });
  const collections = (order) => graph("order", ["payment_collections.*", "payment_collections.payments.*"], { id: order })
    .then(([o]) => o.payment_collections);

  const module = () => container.resolve(Modules.ORDER);
  const pieces = async (order, skus) => {
    const [{ items }] = await graph("order", ["items.*"], { id: order });
    return Object.entries(skus).map(([sku, quantity]) => ({ id: items.find((i) => i.variant_sku === sku || i.title === sku).id, quantity }));
  };
  const fresh = (skus, price) => Object.entries(skus).map(([title, [quantity, own]]) => ({ title, quantity, unit_price: price ?? own }));

  const shop = {
    // Region, channel, category, tag and products with one variant each: name -> price.
    async open(prices) {
      const [channel] = await run(flows.createSalesChannelsWorkflow, { salesChannelsData: [{ name: "web" }] });
      await run(flows.createRegionsWorkflow, {
        regions: [{ name: "Europe", currency_code: "eur", countries: ["de", "fr"], payment_providers: ["pp_system_default"] }],
      });
      // France has a tax on top, Germany none.
      await run(flows.createTaxRegionsWorkflow, [{ country_code: "fr", provider_id: "tp_system", default_tax_rate: { name: "TVA", rate: 20, code: "tva" } }]);
      await run(flows.createPromotionsWorkflow, {
        promotionsData: [{ code: "TEN", type: "standard", status: "active", application_method: {
          type: "percentage", target_type: "items", allocation: "across", value: 10, currency_code: "eur" } }],
      });
      const [profile] = await run(flows.createShippingProfilesWorkflow, { data: [{ name: "default", type: "default" }] });
      const categories = await run(flows.createProductCategoriesWorkflow, {
        product_categories: [{ name: "Clothes", is_active: true }, { name: "Kitchen", is_active: true }],
      });
      const [tag] = await run(flows.createProductTagsWorkflow, { product_tags: [{ value: "summer" }] });
      await run(flows.createProductsWorkflow, {
        products: Object.entries(prices).map(([name, price], i) => ({
          title: name, status: ProductStatus.PUBLISHED, shipping_profile_id: name === "voucher" ? undefined : profile.id, // sent by mail, or by e-mail
          category_ids: [categories[i % 2].id], tag_ids: i === 0 ? [tag.id] : [],
          options: [{ title: "Size", values: ["M"] }], sales_channels: [{ id: channel.id }],
          variants: [{ title: "M", sku: name, options: { Size: "M" }, manage_inventory: false,
            prices: [{ amount: price, currency_code: "eur" }] }],
        })),
      });
    },
    async categorise(sku, categories) {
      const [{ product_id: id }] = await graph("variant", ["product_id"], { sku });
      await run(flows.updateProductsWorkflow, { selector: { id }, update: { category_ids: categories } });
    },
    // Puts a category under a new one, or with null under none.
    async under(name, parent) {
      const [{ id }] = await graph("product_category", ["id"], { name });
      const made = parent && await run(flows.createProductCategoriesWorkflow, { product_categories: [{ name: parent, is_active: true }] });
      await run(flows.updateProductCategoriesWorkflow, { selector: { id }, update: { parent_category_id: made ? made[0].id : null } });
    },
    async customer(email, hasAccount = true) {
      const [c] = await container.resolve(Modules.CUSTOMER).createCustomers([{ email, first_name: email.split("@")[0], has_account: hasAccount }]);
      return c.id;
    },
    async group(name, customers) {
      const [group] = await run(flows.createCustomerGroupsWorkflow, { customersData: [{ name }] });
      await run(flows.linkCustomersToCustomerGroupWorkflow, { id: group.id, add: customers });
      return group.id;
    },
    leaveGroup: (group, customers) => run(flows.linkCustomersToCustomerGroupWorkflow, { id: group, remove: customers }),
    deleteGroup: (id) => run(flows.deleteCustomerGroupsWorkflow, { ids: [id] }),
    async deleteTag(value) {
      const [{ id }] = await graph("product_tag", ["id"], { value });
      await run(flows.deleteProductTagsWorkflow, { ids: [id] });
    },
    async deleteProduct(sku) {
      const [{ product_id: id }] = await graph("variant", ["product_id"], { sku });
      await run(flows.deleteProductsWorkflow, { ids: [id] });
    },
    deleteCustomer: (id) => run(flows.deleteCustomersWorkflow, { ids: [id] }),
    // lines: sku -> quantity
    async order(customer, lines, more = {}) {
      const { region, channel, variants } = await place();
      const [c] = await graph("customer", ["email"], { id: customer });
      const order = await run(flows.createOrderWorkflow, {
        region_id: region, sales_channel_id: channel, customer_id: customer, email: c.email, currency_code: "eur", shipping_address: address,
        items: Object.entries(lines).map(([sku, quantity]) => ({ variant_id: variants[sku], quantity })), ...more,
      });
      return order.id;
    },
    // From another region: its price is told, since products have none in its currency.
    async overseas(customer, sku, price, quantity) {
      const region = (await graph("region", ["id"], { currency_code: "usd" }))[0]
        ?? (await run(flows.createRegionsWorkflow, { regions: [{ name: "America", currency_code: "usd", countries: ["us"], payment_providers: ["pp_system_default"] }] }))[0];
      const { variants } = await place();
      return shop.order(customer, {}, { region_id: region.id, currency_code: "usd", shipping_address: { ...address, country_code: "us" },
        items: [{ variant_id: variants[sku], quantity, unit_price: price }] });
    },
    draft: (customer, lines) => shop.order(customer, lines, { status: "draft", is_draft_order: true }),
    // An order of the past, by the module behind the workflows, which takes its date.
    async pastOrder(customer, date, price) {
      const [order] = await container.resolve(Modules.ORDER).createOrders([{
        customer_id: customer, currency_code: "eur", created_at: date, shipping_address: address,
        items: [{ title: "old", quantity: 1, unit_price: price }],
      }]);
      return order.id;
    },
    async cart(customer, lines, more = {}) {
      const { region, channel, variants } = await place();
      const [c] = await graph("customer", ["email"], { id: customer });
      const cart = await run(flows.createCartWorkflow, {
        region_id: region, sales_channel_id: channel, customer_id: customer, email: c.email, currency_code: "eur", shipping_address: address,
        items: Object.entries(lines).map(([sku, quantity]) => ({ variant_id: variants[sku], quantity })), ...more,
      });
      return cart.id;
    },
    // To France, with a promotion's code.
    abroad: (customer, lines) => shop.cart(customer, lines, { shipping_address: { ...address, country_code: "fr" }, promo_codes: ["TEN"] }),
    // The cart becomes an order, as in the shop's front; its payment is authorised only.
    async complete(cart) {
      await run(flows.createPaymentCollectionForCartWorkflow, { cart_id: cart });
      const [{ payment_collection: made }] = await graph("cart", ["payment_collection.id"], { id: cart });
      await run(flows.createPaymentSessionsWorkflow, { payment_collection_id: made.id, provider_id: "pp_system_default" });
      return (await run(flows.completeCartWorkflow, { id: cart })).id;
    },
    async capture(order) {
      const [{ payments: [payment] }] = await collections(order);
      await run(flows.capturePaymentWorkflow, { payment_id: payment.id });
    },
    // Captures what is due. An edit makes its own payment collection.
    async pay(order) {
      const [{ summary }] = await graph("order", ["summary.*"], { id: order });
      await run(flows.createOrUpdateOrderPaymentCollectionWorkflow, { order_id: order, amount: number(summary.pending_difference) });
      const due = (await collections(order)).find((c) => c.status === "not_paid");
      await run(flows.markPaymentCollectionAsPaid, { order_id: order, payment_collection_id: due.id });
    },
    async refund(order, amount) {
      const [{ payments: [payment] }] = await collections(order);
      await run(flows.refundPaymentWorkflow, { payment_id: payment.id, amount });
    },
    cancel: (order) => run(flows.cancelOrderWorkflow, { order_id: order }),
    // Changes quantities (sku -> quantity; 0 takes the line away) and adds what is not there yet.
    async edit(order, lines) {
      const { variants } = await place();
      const [{ items }] = await graph("order", ["items.*"], { id: order });
      await run(flows.beginOrderEditOrderWorkflow, { order_id: order });
      for (const [sku, quantity] of Object.entries(lines)) {
        const item = items.find((i) => i.variant_sku === sku);
        if (item) await run(flows.orderEditUpdateItemQuantityWorkflow, { order_id: order, items: [{ id: item.id, quantity }] });
        else await run(flows.orderEditAddNewItemWorkflow, { order_id: order, items: [{ variant_id: variants[sku], quantity }] });
      }
      await run(flows.requestOrderEditRequestWorkflow, { order_id: order });
      await run(flows.confirmOrderEditRequestWorkflow, { order_id: order, confirmed_by: "test" });
    },
    // What was sent comes back: all of it by the module behind the workflows, which asks for no warehouse. `back` and `forth` are sku -> quantity.
    async send(order) {
      const [{ items }] = await graph("order", ["items.*"], { id: order });
      await module().registerFulfillment({ order_id: order, items: items.map((i) => ({ id: i.id, quantity: number(i.quantity) })) });
    },
    async returns(order, back) {
      const made = await module().createReturn({ order_id: order, items: await pieces(order, back) });
      await module().receiveReturn({ return_id: made.id, items: await pieces(order, back) });
    },
    async exchanges(order, back, forth) {
      const made = await module().createExchange({ order_id: order, return_items: await pieces(order, back), additional_items: fresh(forth), return_shipping: { name: "post", amount: 2.5 } });
      await module().receiveReturn({ return_id: made.return_id ?? made.return.id, items: await pieces(order, back) });
    },
    // What was broken is sent anew, for nothing.
    async claims(order, broken, forth) {
      const items = await pieces(order, broken);
      await module().createClaim({ order_id: order, type: "replace", claim_items: items.map((i) => ({ ...i, reason: "production_failure" })), return_items: items, additional_items: fresh(forth, 0), return_shipping: { name: "post", amount: 0 } });
    },
    customers: () => graph("customer", ["id", "email", "has_account"]),
    groups: () => graph("customer_group", ["id"]),
    // What Medusa itself says of each customer that it has: orders and their totals come out of its query layer, which computes them.
    // Sums are of orders in the currencies that have a rate, where there are rates.
    async figures(rates) {
      const fields = ["id", "customer_id", "currency_code", "status", "canceled_at", "created_at", "total", "credit_line_total", "summary.*", "items.*"];
      const orders = (await graph("order", fields)).filter((o) => o.status !== "draft");
      const answer = new Map();
      for (const { id, email } of await graph("customer", ["id", "email"])) {
        const own = orders.filter((o) => o.customer_id === id);
        const kept = own.filter((o) => !o.canceled_at);
        const dates = kept.map((o) => new Date(o.created_at)).sort((a, b) => a - b);
        const sum = (list, f) => list.reduce((s, o) => s + number(f(o)), 0);
        const worth = rates ? (f) => (o) => f(o) / (rates[o.currency_code] ?? Infinity) : (f) => f;
        const valued = kept.filter((o) => !rates || rates[o.currency_code]);
        // The computed total is after credit lines, which refunds make.
        const total = worth((o) => number(o.total) + number(o.summary.credit_line_total));
        const [paid, refunded] = [sum(own, worth((o) => number(o.summary.paid_total))), sum(own, worth((o) => number(o.summary.refunded_total)))];
        answer.set(id, {
          email, number_of_orders: kept.length, orders_total: sum(own, total), paid_total: paid, refunded_total: refunded,
          amount_spent: paid - refunded, average_order_value: valued.length ? sum(valued, total) / valued.length : null,
          first_order_date: dates[0] ?? null, last_order_date: dates.at(-1) ?? null,
          "sum(products_purchased.amount)": sum(kept, (o) => sum(o.items, (i) => number(i.unit_price) * number(i.quantity))),
          "sum(products_purchased.quantity)": sum(kept, (o) => sum(o.items, (i) => i.quantity)),
        });
      }
      return answer;
    },
  };
  return shop;
};
