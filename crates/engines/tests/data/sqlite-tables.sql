CREATE TABLE scores(id INTEGER PRIMARY KEY, score INTEGER);
WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < 30) INSERT INTO scores SELECT i, i / 3 FROM c;
CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, boss INTEGER, department TEXT, salary REAL, hired TEXT, profile TEXT, "Mixed Case" TEXT, flags INTEGER);
INSERT INTO people VALUES
    (1, 'Ada', NULL, 'board', 9000.0, '2015-03-01', '{"langs": ["en", "fr"], "address": {"city": "Bern"}}', 'a', 1),
    (2, 'Bo', 1, 'sales', 5000.5, '2018-07-15', '{"langs": ["de"]}', 'b', 16),
    (3, 'Cy', 1, 'sales', 4800.0, '2019-01-10', '{"langs": []}', NULL, 17),
    (4, 'Di', 2, 'sales', 4100.25, '2021-11-30', NULL, 'd', 31),
    (5, 'Ed', 1, 'lab', 5200.0, '2020-02-29', '{"age": 41}', 'e', 0),
    (6, 'Flo', 5, 'lab', 5200.0, '2022-05-05', '{"age": 29.5, "ok": true}', 'f', 255),
    (7, 'It''s \ {{x}}', 5, NULL, NULL, NULL, '{"k": "v \" w"}', 'ünïcode', NULL);
CREATE INDEX people_department ON people(department);
CREATE TABLE [odd name]([a b] INTEGER, "order" TEXT, `c` BLOB);
INSERT INTO [odd name] VALUES (1, 'x', x'00ff'), (2, 'y', NULL);
CREATE TABLE t(a INTEGER, b INTEGER);
INSERT INTO t VALUES (1, 10), (2, 20), (3, NULL), (NULL, 40);
CREATE TABLE u(a INTEGER, c TEXT);
INSERT INTO u VALUES (1, 'one'), (3, 'three'), (5, 'five');
CREATE VIEW grown AS SELECT id, name FROM people WHERE salary > 5000;
