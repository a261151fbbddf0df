-- Purchases right below the customers; what cost nothing does not count. The sample hangs on another key than the primary key.
SELECT segmentation.bind_customers('customers', timezone => 'America/New_York');
SELECT segmentation.bind_source('purchases', 'purchases', key => 'customer_id', date => 'date', condition => 'dollars > 0');
SELECT segmentation.bind_source('sample', 'sample_purchases', key => 'sample_id', of_key => 'sample_id', date => 'day');
SELECT segmentation.bind_column('purchases', 'each', 'dollars / nullif(cds, 0)');
SELECT segmentation.define_attribute('dollars_per_cd', 'sum(purchases.dollars) / sum(purchases.cds)');
SELECT segmentation.define_attribute('customer_value', 'sum(purchases.dollars)', 'money spent so far');
SELECT segmentation.define_attribute('frequent', 'purchases MATCHES (months >= 4)');
