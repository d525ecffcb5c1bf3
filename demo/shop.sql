-- The shop before the demo begins.
CREATE TABLE customers (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  city VARCHAR(40),
  newsletter TINYINT(1) NOT NULL DEFAULT 0);
CREATE TABLE products (
  sku CHAR(8) NOT NULL PRIMARY KEY,
  title VARCHAR(80) NOT NULL,
  price DECIMAL(8,2) NOT NULL,
  kind ENUM('book','game','tool') NOT NULL,
  tags SET('new','sale','gift'));
CREATE TABLE orders (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  sku CHAR(8) NOT NULL,
  quantity SMALLINT NOT NULL,
  total DECIMAL(10,2) NOT NULL,
  ordered_at DATETIME(3) NOT NULL,
  note TEXT);
INSERT INTO customers (name, city, newsletter)
  SELECT CONCAT(ELT(seq % 7 + 1, 'Ada', 'Béla', 'Chen', 'Dara', 'Efua', 'Fjóla', 'Gül'), ' ', seq),
         ELT(seq % 5 + 1, 'Nairobi', 'Zürich', 'Kisumu', '東京', NULL), seq % 2
  FROM seq_1_to_2000;
INSERT INTO products
  SELECT CONCAT('SKU-', LPAD(seq, 4, '0')), CONCAT('Thing no. ', seq), 5 + seq * 0.37,
         ELT(seq % 3 + 1, 'book', 'game', 'tool'), seq % 8
  FROM seq_1_to_200;
INSERT INTO orders (customer_id, sku, quantity, total, ordered_at, note)
  SELECT seq * 7919 % 2000 + 1, CONCAT('SKU-', LPAD(seq % 200 + 1, 4, '0')), seq % 5 + 1, seq % 900 + 0.99,
         DATE_ADD('2024-01-01', INTERVAL seq * 131 SECOND), IF(seq % 10 = 0, 'please wrap', NULL)
  FROM seq_1_to_20000;
