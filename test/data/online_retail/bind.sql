-- What the shop's owner would bind. The dirt is dealt with here: a cancelled invoice is no purchase, a line with a negative
-- quantity is none either, an article is the same in upper and lower case. Invoices without a customer are nobody's.
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/London');
SELECT segmentation.bind_source('invoices', 'shop.invoices', key => 'customer_id', date => 'issued_at',
                                condition => 'cancelled = false');
SELECT segmentation.bind_source('cancellations', 'shop.invoices', key => 'customer_id', date => 'issued_at',
                                condition => 'cancelled = true');
SELECT segmentation.bind_source('lines', 'shop.invoice_lines', key => 'invoice_no', of => 'invoices',
                                condition => 'quantity > 0');
SELECT segmentation.bind_source('returned', 'shop.invoice_lines', key => 'invoice_no', of => 'cancellations');
SELECT segmentation.bind_column('lines', 'article', 'upper(stock_code)');
SELECT segmentation.bind_column('lines', 'amount', 'quantity * unit_price');
SELECT segmentation.bind_column('returned', 'amount', 'quantity * unit_price');
SELECT segmentation.bind_lookup('product', 'shop.products', of => 'lines', key => 'article');
SELECT segmentation.bind_set('product_words', 'shop.product_words', key => 'code', value => 'word', of => 'product');
SELECT segmentation.bind_set('countries', 'shop.invoices', key => 'customer_id', value => 'country');
SELECT segmentation.define_attribute('net_revenue', 'sum(lines.amount) + sum(returned.amount)',
                                     'what was sold, less what came back');
SELECT segmentation.define_attribute('average_invoice', 'sum(lines.amount) / count(invoices)');
SELECT segmentation.define_attribute('shops_for_others', 'lines MATCHES (product.kind = ''voucher'')');
