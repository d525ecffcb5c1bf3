-- two_phase.binlog: MariaDB 10.11 with binlog_alter_two_phase=ON, after RESET MASTER, server_id 77. The second ALTER fails.
CREATE DATABASE tp;
CREATE TABLE tp.t (a INT PRIMARY KEY, b INT);
INSERT INTO tp.t VALUES (1, 5), (2, 5);
ALTER TABLE tp.t ADD COLUMN c INT DEFAULT 3;
ALTER TABLE tp.t ADD COLUMN d INT, ADD UNIQUE KEY (b);
INSERT INTO tp.t VALUES (3, 5, 6);
