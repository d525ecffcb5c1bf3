-- What happens in the shop while sluice runs. A line that begins with "-- * " starts a step.
-- * new customers and orders
INSERT INTO customers (name, city) VALUES ('Hana', 'Osaka'), ('Ívar', 'Reykjavík');
INSERT INTO orders (customer_id, sku, quantity, total, ordered_at)
  SELECT 2001, CONCAT('SKU-', LPAD(seq, 4, '0')), 1, 19.90, '2024-02-20 12:00:00.125' FROM seq_1_to_150;
-- * prices go up, and a customer moves
BEGIN;
UPDATE products SET price = price * 1.05, tags = 'new,sale' WHERE kind = 'book';
UPDATE customers SET city = 'Mombasa' WHERE id = 3;
COMMIT;
-- * orders are cancelled
DELETE FROM orders WHERE id % 1000 = 7;
-- * two products get another key
UPDATE products SET sku = 'SKU-9001' WHERE sku = 'SKU-0001';
UPDATE products SET sku = 'SKU-9002' WHERE sku = 'SKU-0002';
-- * the orders table gets a column
ALTER TABLE orders ADD COLUMN paid_with VARCHAR(20) AFTER total;
UPDATE orders SET paid_with = 'card' WHERE id BETWEEN 19990 AND 20150;
INSERT INTO orders (customer_id, sku, quantity, total, paid_with, ordered_at, note)
  VALUES (2002, 'SKU-9001', 2, 10.74, 'cash', '2024-03-01 08:30:00', 'the newest 🛒');
