CREATE TABLE scores(id int PRIMARY KEY, score int);
INSERT INTO scores SELECT i, i / 3 FROM generate_series(1, 30) i;
CREATE TABLE people(
    id int PRIMARY KEY, name text NOT NULL, boss int REFERENCES people(id), department text, salary numeric(10,2),
    hired date, tags text[], profile jsonb, "Mixed Case" text, "limit" int);
INSERT INTO people VALUES
    (1, 'Ada', NULL, 'board', 9000.00, '2015-03-01', '{chess,go}', '{"langs": ["en", "fr"], "address": {"city": "Bern"}}', 'a', 5),
    (2, 'Bo', 1, 'sales', 5000.50, '2018-07-15', '{}', '{"langs": ["de"], "address": {"city": "Graz"}}', 'b', 4),
    (3, 'Cy', 1, 'sales', 4800.00, '2019-01-10', '{go}', '{"langs": [], "address": null}', NULL, 3),
    (4, 'Di', 2, 'sales', 4100.25, '2021-11-30', NULL, NULL, 'd', 2),
    (5, 'Ed', 1, 'lab', 5200.00, '2020-02-29', '{chess}', '{"langs": ["en"], "age": 41}', 'e', 1),
    (6, 'Flo', 5, 'lab', 5200.00, '2022-05-05', '{go,bridge}', '{"age": 29.5, "ok": true}', 'f', NULL),
    (7, 'It''s \ {{x}}', 5, NULL, NULL, NULL, '{"a b","c,d"}', '{"k": "v \" w"}', 'ünïcode', 0);
CREATE TABLE visits(id bigint, at timestamptz, page text, seconds float8, during tsrange, ip inet, raw bytea, flags bit(8));
INSERT INTO visits SELECT i, timestamptz '2024-01-01 00:00:00+00' + i * interval '7 hours 13 minutes', '/p' || i % 5, i * 1.25,
    tsrange(timestamp '2024-01-01' + i * interval '1 hour', timestamp '2024-01-01' + (i + 2) * interval '1 hour'),
    ('10.0.0.' || i)::inet, decode(lpad(to_hex(i), 4, '0'), 'hex'), (i % 256)::bit(8) FROM generate_series(1, 40) i;
CREATE TABLE parent(a int, b text);
CREATE TABLE child(c int) INHERITS (parent);
INSERT INTO parent VALUES (1, 'p');
INSERT INTO child VALUES (2, 'c', 3);
CREATE TABLE pages(id int, title text, body text);
INSERT INTO pages VALUES (1, 'Tides', 'The tide rises, the tide falls'), (2, 'Gates', 'A gate holds the water back'), (3, 'Both', 'tidal gates and gated tides');
CREATE TABLE spots(id int, p point, b box);
INSERT INTO spots VALUES (1, '(0,0)', '((0,0),(2,2))'), (2, '(3,4)', '((1,1),(4,4))'), (3, '(6,8)', '((5,5),(6,6))');
CREATE VIEW grown AS SELECT id, name, salary FROM people WHERE salary > 5000;
CREATE SCHEMA other;
CREATE TABLE other.scores(id int, score int);
INSERT INTO other.scores VALUES (100, 1000);
CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x * 2';
CREATE FUNCTION named(a int, b int DEFAULT 10, c text DEFAULT 'z') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT a || c || b';
CREATE FUNCTION pair(OUT x int, OUT y text) LANGUAGE sql IMMUTABLE AS $$ SELECT 1, 'one' $$;
CREATE TYPE mood AS ENUM ('low', 'fine', 'high');
CREATE DOMAIN percent AS numeric CHECK (VALUE BETWEEN 0 AND 100);
