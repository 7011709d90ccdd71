-- Statements for PostgreSQL, one a paragraph. Each is run as it stands and as the guard sends it; columns, rows
-- and errors must be the same. A line `-- refused: …` says why the guard refuses the next one instead.

-- # literals

select 1, -1, +1, 1.5, -1.50, .5, 5., 1e3, 1.5e-3, 1E+2, 0.10, 00012

select 9223372036854775807, 9223372036854775808, 123456789012345678901234567890.1234567890

select 'a', 'it''s', '', 'a\b', E'a\tb\n\\', e'\x41\u00e9', U&'\0061\00e9', U&'!0062' uescape '!', n'nat', b'0101', x'1F', B'', X'ff'

select 'one'
'two', 'three' -- a comment
  'four'

select E'a\'' '' as x

select 'a' 'b'

select $$it's$$, $q$ $$ $q$, $a$'$b$'$a$ || $$$$

select true, false, null, 'yes'::bool, bool 'off'

select date '2024-02-29', time '12:34:56.789', timestamp '2024-02-29 12:00', timestamptz '2024-02-29 12:00+02', interval '1 day 2 hours'

select timestamp(0) '2024-01-01 00:00:00.6', time(1) '01:02:03.456', timestamp(3) with time zone '2024-01-01 00:00:00.123456+00', time with time zone '10:00+01', timetz '10:00-03'

select interval(0) '1.5 seconds', interval '1' day, interval '1-2' year to month, interval '10:20' hour to minute, interval '3.123456' second(2), interval '5 4:3' day to minute, interval '1 2:03:04.567' day to second(1)

select interval '1' year, interval '2' month, interval '3' hour, interval '4' minute, interval '5.6789' second

select 'P1Y2M3DT4H5M6S'::interval, '@ 1 day ago'::interval, '1 mon -1 day'::interval

select numeric '12.30', decimal(5, 1) '1.25', int4 '7', int '7', bigint '8', smallint '9', real '1.5', double precision '2.5', float8 '3.5', float(24) '1.5'

select char(3) 'ab', character varying(2) 'abc', varchar(2) 'abc', text 'abc', "char" 'abc', bpchar 'x ', bit(4) '0101', bit varying(2) '01', bytea '\x00ff'

select json '{"a": 1}', jsonb '{"b": [1,2]}', uuid '00000000-0000-0000-0000-000000000001', inet '10.0.0.1/8', cidr '10.0.0.0/8', macaddr '08:00:2b:01:02:03', money '12.30', xml '<a/>', point '(1,2)', mood 'fine', int4range '[1,5)', oid '5'

select 'fine'::mood, '50'::percent, 'abc'::name, '{1,2}'::int[], '{{1,2},{3,4}}'::int[][], '{"a b",c}'::text[], '(1,2)'::point

select '101'::percent

select '1'::int::text::varchar(3)::"char", cast('2' as int), cast(3 as text), '4'::pg_catalog.int4, 5::pg_catalog."text"

select 'NaN'::float8, 'Infinity'::float8, '-inf'::float4, 'infinity'::timestamp, '-infinity'::date, 'epoch'::date, 'allballs'::time

select '{{customer}}' as a, '{% if x %}' as b, '{{ 1 + 1 }}' as c, 'a{b}c' as d -- {{ ref('orders') }}

select 1 /* {{ds}} */ as "{{col}}", '{"{{x}}": 1}'::json -> '{{x}}' as v

select 1_000 as x

select 0x1F as x

select 1a

select 1from scores

select 1.e, 2e

select $1

select 'unterminated

select "unterminated

select {{ x }}

-- refused: escapes in a name would have to be read to compare it
select U&"\0061" from (select 1 as a) q

-- # operators and their order

select 2 + 3 * 4 - 5 / 2, 7 % 3, -7 % 3, 7 / 2, -7 / 2, 7.0 / 2, 2 ^ 3 ^ 2, -2 ^ 2, 2 ^ -1

select - -1, -(-1), + - + 1, - 1, -+1, @ -5, @(-5), |/ 25, ||/ 27, ~ 5, 5 # 3, 5 & 3, 5 | 3, 1 << 4, 256 >> 2

select 5 !

select @-5

select 1 - -1, 1--1
, 2

select 3 = 3, 3 <> 4, 3 != 4, 3 < 4, 3 <= 3, 4 > 3, 4 >= 4

select a!=-1 from (values (1)) v(a)

select a=-1, a<-1, a>-1, a*-1, a/-1, a+-1, a%-1 from (values (1)) v(a)

select 1 + 2 = 3 and not 1 > 2 or null is null, not true = false, not not true, not (1 = 2)

select true and false or true, true or false and false, not true or true

select 1 is null, null is null, 1 is not null, 1 isnull, null notnull, 1 = 1 is true, (1 = 2) is not true, null is unknown, true is not unknown, false is false, false is not false

select 1 is distinct from 2, null is distinct from null, null is not distinct from null, 1 is distinct from null

select 2 between 1 and 3, 2 not between 1 and 3, 3 between symmetric 5 and 1, 3 not between symmetric 5 and 4, 2 between asymmetric 1 and 3, not 2 between 1 and 3

select 1 + 1 between 1 and 1 + 1, 1 between 0 and 2 and true, 1 between 0 and 2 = true, not 5 between 1 and 2 or false

select 1 in (1, 2), 3 not in (1, 2), not 1 in (2), 1 in (select 1), (1, 2) in ((1, 2), (3, 4)), (1, 'a') not in (select 1, 'b'), null in (1, null)

select 1 in (values (1), (2)), 3 = any (values (1), (3)), 3 <> all (values (1), (3)), 2 = some (array[1, 2]), 2 < all (array[3, 4]), 5 = any ('{4,5}'::int[])

select 'abc' like 'a%', 'abc' not like '_b_', 'a%c' like 'a!%c' escape '!', 'ABC' ilike 'abc', 'abc' not ilike 'B', 'a\c' like 'a\\c', 'x' like any (array['x', 'y']), 'x' like all (array['x%', 'y'])

select 'abc' similar to '(a|b)%', 'abc' not similar to 'x', 'a|c' similar to 'a#|c' escape '#', 'abc' ~ '^a', 'ABC' ~* '^a', 'abc' !~ 'x', 'abc' !~* 'X', 'abc' ~~ 'a%', 'ABC' ~~* 'a%', 'abc' !~~ 'x', 'abc' !~~* 'X'

select 'a' || 'b' || 'c', 'a' || 1, 1 || 'a', 'a' || null, array[1] || 2, 1 || array[2], array[1] || array[2, 3], '{"a":1}'::jsonb || '{"b":2}'

select 'a' || 'b' = 'ab', 1 + 1 || 'x', 'x' || 1 + 1

select 2 operator(pg_catalog.+) 3, 2 operator(pg_catalog.*) 3 + 1, 'a' operator(pg_catalog.||) 'b', operator(pg_catalog.-) 5

select (1, 2) = (1, 2), (1, 2) < (1, 3), row(1, 'a') = row(1, 'a'), row(1, null) is null, row(null, null) is null, (1, 2) is distinct from (1, 3), (1, 2) <= (select 1, 2)

select 'a' < 'B' collate "C", 'a' collate "C" < 'B', ('x'::text) collate "C", 'x'::text collate "C" || 'y'

select (date '2024-01-01', date '2024-02-01') overlaps (date '2024-01-15', interval '1 month'), (timestamp '2024-01-01', timestamp '2024-01-02') overlaps (timestamp '2024-01-02', timestamp '2024-01-03')

select '{"a": {"b": [1, 2]}}'::jsonb -> 'a' -> 'b' -> 0, '{"a": {"b": [1, 2]}}'::jsonb -> 'a' ->> 'b', '{"a": {"b": [1, 2]}}'::json #> '{a,b}', '{"a": {"b": [1, 2]}}'::json #>> '{a,b,1}'

select '{"a": 1}'::jsonb @> '{}', '{}'::jsonb <@ '{"a": 1}', '{"a": 1}'::jsonb ? 'a', '{"a": 1}'::jsonb ?| array['x', 'a'], '{"a": 1}'::jsonb ?& array['a', 'b'], '{"a": 1, "b": 2}'::jsonb - 'a', '["a", "b"]'::jsonb - 0, '{"a": {"b": 1}}'::jsonb #- '{a,b}', '{"a": [1, 2]}'::jsonb @? '$.a[*] ? (@ > 1)', '{"a": 1}'::jsonb @@ '$.a == 1'

select array[1, 2] @> array[1], array[1] <@ array[1, 2], array[1, 2] && array[2, 3], array[1, 2] = array[1, 2], array[1, 2] < array[1, 3]

select int4range(1, 5) @> 3, int4range(1, 5) && int4range(4, 6), int4range(1, 3) -|- int4range(3, 5), int4range(1, 3) + int4range(3, 5), int4range(1, 5) * int4range(3, 9), int4range(1, 5) - int4range(3, 9), int4range(1, 3) << int4range(5, 6), int4range(5, 6) >> int4range(1, 3), int4range(1, 3) &< int4range(2, 5), int4range(3, 5) &> int4range(2, 4)

select int4multirange(int4range(1, 3), int4range(5, 7)), '{[1,3),[5,7)}'::int4multirange @> 6

select point '(0,0)' <-> point '(3,4)', box '((0,0),(2,2))' && box '((1,1),(3,3))', point '(1,1)' <@ box '((0,0),(2,2))', @-@ path '((0,0),(1,0))', # path '((1,0),(0,1),(-1,0))', lseg '((-1,0),(1,0))' ?- , 1

select lseg '((-1,0),(1,0))' ?# box '((-2,-2),(2,2))', ?- lseg '((-1,0),(1,0))', ?| lseg '((0,-1),(0,1))', point '(0,1)' >^ point '(0,0)', box '((0,0),(1,1))' <<| box '((2,2),(3,3))', point '(1,2)' ~= point '(1,2)', @@ box '((0,0),(2,2))'

select 'fat & rat'::tsquery && 'cat'::tsquery, to_tsvector('english', 'fat cats') @@ to_tsquery('english', 'cat & fat'), 'a:1 b:2'::tsvector || 'c:1'::tsvector, !! 'cat'::tsquery, 'cat'::tsquery <-> 'rat'::tsquery, 'super:*'::tsquery

select inet '10.0.0.5' << inet '10.0.0.0/24', inet '10.0.0.0/24' >>= inet '10.0.0.5', inet '10.0.0.5' + 3, ~ inet '10.0.0.1', inet '10.0.0.6' & inet '0.0.0.255'

select 'pre' ^@ 'p', b'1100' & b'1010', b'1100' | b'1010', b'1100' # b'1010', ~ b'1100', b'1100' << 1, b'11' || b'00'

select now() at time zone 'UTC' is not null, timestamp '2024-01-01 12:00' at time zone 'Europe/Berlin' at time zone 'UTC', timestamptz '2024-01-01 12:00+00' at time zone interval '2 hours'

select date '2024-03-31' + 1, date '2024-03-31' - date '2024-01-01', date '2024-03-31' + interval '1 month', date '2024-01-01' + time '03:00', 3 * interval '1 day', interval '1 hour' / 2, - interval '1 day', timestamp '2024-01-02' - timestamp '2024-01-01'

select 1::int + 2::float8 * 3::numeric, (1 + 2)::text || 'x', -1::int, (-1)::text, - 1::text

-- # names and labels

select 1 as a, 2 b, 3 as "C d", 4 as select, 5 as "with ""quotes""", 6 as from, 7 as limit, 8 year, 9 as "Größe", 10 as größe, 11 as _x$1

select 1 limit, 2

select 1 user

select id, ID, "id", people.id, public.people.id from people where id = 1

select p.*, p."Mixed Case", p."limit" from people as p order by p.id limit 2

select P.Id from PEOPLE P where P.NAME = 'Ada'

select a.b from (select 1 as b) as a, (select 2 as b) c

select * from people p (i, n) where i = 1

select count(*), count(*), 1, 2 from people

select people from people where id = 1

select (people).name, (p).salary from people, people p where people.id = 1 and p.id = 2

select (p).* from people p where id = 1

select (pair()).*, (pair()).x, (twice(3))

select (row(1, 'x')).f1

-- refused: it calls a function that is denied
select * from user

select * from order

select * from "order"

select scores.id from public.scores where scores.id < 3

select other.scores.id from other.scores

select nothing from scores

select id from nowhere

select * from nowhere.scores

select no_such_function(1)

select x.y.z.w from scores

-- # expressions

select case 1 when 1 then 'a' when 2 then 'b' else 'c' end, case when null then 1 end, case when 1 > 2 then 1 else case when true then 2 end end

select coalesce(null, 1), nullif(1, 1), nullif(1, 2), greatest(1, 3, 2), least(3, 1, null), greatest('a', 'b')

select exists (select 1), exists (select 1 where false), not exists (select 1), (select 1), (select name from people where id = 1), array(select id from people order by id)

select array[1, 2, 3], array[[1, 2], [3, 4]], array[]::int[], array['a', null], (array[1, 2, 3])[2], (array[1, 2, 3])[2:3], (array[1, 2, 3])[:2], (array[1, 2, 3])[2:], (array[[1, 2], [3, 4]])[2][1], (array[[1, 2], [3, 4]])[1:2][2:2]

select tags[1], tags[1:1], tags[array_length(tags, 1)], (tags || 'z')[1] from people order by id

select profile['langs'][0], profile['address']['city'] from people where id < 3 order by id

select cast(1.5 as int), cast('1' as numeric(5, 2)), cast('{1}' as int[]), cast(null as text), cast(id as text) from scores where id = 1

select extract(year from date '2024-05-06'), extract(epoch from interval '1 day'), extract(dow from timestamp '2024-05-06'), extract('month' from date '2024-05-06'), date_part('day', date '2024-05-06'), extract(isodow from date '2024-05-06'), extract(timezone_hour from timestamptz '2024-01-01 00:00+00')

select substring('abcdef' from 2 for 3), substring('abcdef' for 2), substring('abcdef' from 3), substring('abcdef', 2, 2), substring('foobar' from 'o.b'), substring('foobar' similar '%#"o_b#"%' escape '#'), substring('foobar' from '%#"o_b#"%' for '#')

select trim('  a '), trim(both 'x' from 'xax'), trim(leading 'x' from 'xax'), trim(trailing from 'a  '), trim(leading from '  a'), trim(from ' a '), trim('xax', 'x'), ltrim('xxa', 'x'), trim(both from ' a '), trim(leading '  a')

select position('b' in 'abc'), overlay('abcdef' placing 'XY' from 2), overlay('abcdef' placing 'XY' from 2 for 4), normalize('é', nfd) = 'é', 'a' is normalized, 'a' is nfc normalized, 'a' is not nfkd normalized

select collation for ('a' collate "C"), current_date = current_date, localtime = localtime, current_timestamp(0) = current_timestamp(0), localtimestamp(2) = localtimestamp(2), current_time(1) = current_time(1)

select named(1), named(1, 2), named(a => 1), named(a := 1, c := 'q'), named(1, c => 'y'), named(b => 3, a => 4)

select concat(variadic array['a', 'b']), format('%s-%I', variadic array['x', 'y z']), json_build_array(variadic array[1, 2]), concat('a', variadic array['b'])

select format('%s %L %I %%', 'a', 'b''c', 'd e'), quote_literal('a''b'), concat_ws(',', 'a', null, 'b'), lpad('5', 3, '0'), repeat('ab', 2), reverse('abc'), split_part('a,b', ',', 2), regexp_replace('a1b2', '\d', 'x', 'g'), translate('abc', 'ab', 'xy'), initcap('a b'), chr(65), ascii('A'), md5('a'), to_hex(255), left('abc', 2), right('abc', 2), strpos('abc', 'c'), starts_with('abc', 'a')

select to_char(date '2024-05-06', 'YYYY-"W"IW'), to_char(1234.5, 'FM9,999.00'), to_date('06/05/2024', 'DD/MM/YYYY'), to_timestamp(0) at time zone 'UTC', to_number('1,234.5', '9,999.9'), age(date '2024-05-06', date '2020-01-01'), date_trunc('quarter', timestamp '2024-05-06'), make_date(2024, 5, 6), make_interval(days => 3), justify_days(interval '40 days'), date_bin('15 minutes', timestamp '2024-01-01 00:20', timestamp '2024-01-01')

select round(1.555, 2), trunc(-1.5), ceil(1.2), ceiling(1.2), floor(-1.2), abs(-1), sign(-2), mod(7, 3), div(7, 2), power(2, 3), sqrt(2), cbrt(27), exp(0), ln(1), log(100), log(2, 8), width_bucket(5, 0, 10, 5), gcd(12, 18), lcm(4, 6), factorial(5), pi() > 3, degrees(0), random() < 1

select json_build_object('a', 1, 'b', null), jsonb_set('{"a": 1}', '{a}', '2'), row_to_json(row(1, 'x')), to_jsonb(array[1, 2]), jsonb_pretty('{"a":1}'), json_array_length('[1,2]'), jsonb_typeof('1'), jsonb_strip_nulls('{"a":null}'), jsonb_path_query_array('{"a": [1, 2, 3]}', '$.a[*] ? (@ > $min)', '{"min": 1}'), jsonb_extract_path_text('{"a": {"b": 1}}', 'a', 'b')

select xmlelement(name foo, xmlattributes('a' as bar, 1 as baz), 'text', xmlelement(name inner)), xmlforest('x' as a, 1 as b), xmlconcat('<a/>', '<b/>'), xmlcomment('c'), xmlpi(name php, 'echo'), xmlparse(content 'a<b/>'), xmlparse(document '<a/>'), xml_is_well_formed('<a>'), '<a/>'::xml is document, 'abc'::xml is not document

select xpath('/a/text()', '<a>b</a>'), xmlexists('//b' passing '<a><b/></a>')

-- refused: the parser takes its type for a name, and a type may be a table's
select xmlserialize(content '<a/>'::xml as text)

-- refused: XMLROOT is not known to the parser
select xmlroot('<a/>', version '1.0', standalone yes)

select array_length(array[1, 2], 1), cardinality(array[1, 2]), array_append(array[1], 2), array_remove(array[1, 2], 1), array_position(array['a', 'b'], 'b'), array_to_string(array[1, null], ',', '*'), string_to_array('a,b', ','), unnest(array[1, 2]), array_agg(x) from generate_series(1, 2) x group by 1, 2

select lower(during), upper(during), isempty(during), lower_inc(during) from visits where id = 1

select to_tsvector('english', body) @@ websearch_to_tsquery('english', 'tide -gate') as hit, ts_rank(to_tsvector('english', body), to_tsquery('english', 'tide')) > 0 as ranked, ts_headline('english', body, to_tsquery('english', 'tide')) from pages order by id

select encode(raw, 'hex'), get_byte(raw, 0), length(raw), raw || '\x01', flags, flags & b'00001111', flags::int, host(ip), ip::text from visits where id < 3 order by id

select nothing.a from (values (1)) v(a)

select 1 / 0

select 'x'::int

select cast('2024-13-01' as date)

select 1 + 'a'

select abs()

select sum(1) + count(*) filter (where true)

select a.*, 1 from (select 1 as x, 2 as y) a

select distinct x from (values (1), (1), (2)) v(x) order by x

select row(1, 2.5, 'a'), row(), (1, 'x')::text, row(people.*) = people from people where id = 1

select generate_series(1, 3), generate_series(1, 2)

select twice(2), public.twice(3), "twice"(4), pg_catalog.lower('A')

select 'a' as x, 'b' as x

select 1 where false

select

select from people where id < 3

select all 1

-- # tables and joins

select * from scores where id <= 3

select * from scores, people where scores.id = people.id and people.id < 3

select s.id, p.name from scores s join people p using (id) order by 1

select s.id, j.id from scores s join people p using (id) as j where s.id = 1

select * from scores s natural join people p where id = 1

select s.id, p.id from scores s left join people p on p.id = s.id and p.id > 5 where s.id > 5 and s.id < 9 order by 1

select s.id, p.id from scores s right outer join people p on p.id = s.id + 5 order by 2

select a, b from (values (1), (2)) x(a) full join (values (2), (3)) y(b) on a = b order by a, b

select a, b from (values (1), (2)) x(a) cross join (values ('x'), ('y')) y(b)

select * from ((values (1)) a(i) join (values (1)) b(i) using (i)) join (values (1)) c(i) using (i)

select * from (values (1, 'a'), (2, 'b')) as v(n, t)

select t0.a from (values (1)) t0(a) join (values (1)) t1(b) join (values (1)) t2(c) on t1.b = t2.c on t0.a = t1.b

select p.name, l.n from people p, lateral (select count(*) as n from people q where q.boss = p.id) l order by p.id

select p.name, u.tag, u.n from people p left join lateral unnest(p.tags) with ordinality as u(tag, n) on true order by p.id, u.n

select * from generate_series(1, 3) as g, generate_series(g, 3) as h order by 1, 2

select * from generate_series(1, 3) with ordinality as t(v, n)

select * from rows from (generate_series(1, 3), generate_series(5, 6)) as t(a, b)

select * from rows from (generate_series(1, 2), unnest(array['x'])) with ordinality

select * from people p, rows from (unnest(p.tags)) as t(tag) order by p.id, tag

select * from unnest(array[1, 2], array['a', 'b', 'c']) as t(n, s)

select * from json_to_recordset('[{"a": 1, "b": "x"}, {"a": 2}]') as x(a int, b text)

select * from json_each('{"a": 1, "b": [2]}'), jsonb_array_elements('[1, 2]') with ordinality as e(v, n)

-- refused: column definitions inside of ROWS FROM name types that are not checked
select * from rows from (json_to_recordset('[{"a": 1}]') as (a int))

select * from pair()

select * from xmltable('/r/i' passing '<r><i v="1"/><i v="2"/></r>'::xml columns v int path '@v')

select * from only parent

select * from only (parent) p

select * from parent * order by a

select a from parent order by a

table scores limit 2

table only parent

(table parent) union all (table parent) order by 1

select array(table parent) is null

select 1 in (table other.scores)

select exists (table parent)

with x as (table parent) table x order by a

select id from scores tablesample bernoulli (100) order by id limit 2

select count(*) > 0 from scores tablesample system (100) repeatable (7)

select * from (select 1 as a union all select 2) as u where a > 1

select * from people p where exists (select from people q where q.boss = p.id) order by id

select p.id from people p where p.salary > all (select q.salary from people q where q.boss = p.id) order by 1

select (select count(*) from people q where q.boss = p.id) as n, (select max(s.score) from scores s where s.id <= p.id) from people p order by p.id

select count(*) from scores, scores

select * from scores s join people p

select id from scores join people on true

select * from people for update

select * from people for share of people nowait

select * from (select * from people for no key update) q

select * into temp x from people

-- # grouping

select department, count(*), sum(salary), avg(salary), min(hired), max(name) from people group by department order by department nulls first

select department from people group by 1 having count(*) > 1 order by count(*) desc, 1

select department, boss, sum(salary) from people group by rollup (department, boss) order by 1, 2

select department, boss, count(*), grouping(department, boss) from people group by cube (department, boss) order by 1, 2, 3, 4

select department, boss, count(*) from people group by grouping sets ((department), (boss), ()) order by 1, 2

select department, count(*) from people group by department, grouping sets ((), (department)) order by 1, 2

select department, boss, count(*) from people group by distinct rollup (department, boss), rollup (department) order by 1, 2, 3

select department, count(*) from people group by all rollup (department) order by 1

select department from people group by all

select count(*) from people group by ()

select department, name from people group by department

select count(distinct department), count(all department), sum(distinct salary), count(distinct (department, boss)) from people

select string_agg(name, ', ' order by name desc), array_agg(id order by salary desc nulls last, id), json_agg(id order by id), jsonb_object_agg(id, name), bool_and(salary > 0), bool_or(salary > 9000), every(true), bit_or(id), array_agg(distinct department order by department) from people

select count(*) filter (where salary > 5000), sum(salary) filter (where department = 'lab' and hired > '2020-01-01'), string_agg(name, ',' order by id) filter (where id < 3) from people

select percentile_cont(0.5) within group (order by salary), percentile_disc(array[0.25, 0.75]) within group (order by salary), mode() within group (order by department), rank(5000) within group (order by salary), percentile_cont(0.9) within group (order by salary desc) filter (where id < 5) from people

select corr(id, salary) is not null, stddev(salary) > 0, var_pop(id), regr_slope(salary, id) is not null, covar_samp(id, id) from people

select sum(count(*)) over (), department, rank() over (order by count(*) desc) from people group by department order by 2

select department, count(*) as n from people group by department having sum(salary) > (select avg(salary) from people) order by n

select date_trunc('month', at) as m, page, count(*) from visits group by 1, 2 order by 1, 2 limit 4

select width_bucket(seconds, 0, 50, 5) as b, count(*), round(avg(seconds)::numeric, 2) from visits group by b order by b

select extract(year from hired)::int as y, count(*) from people where hired is not null group by y order by y

-- # windows

select id, row_number() over (order by salary desc nulls last, id), rank() over (order by salary), dense_rank() over (partition by department order by salary), percent_rank() over (order by id), cume_dist() over (order by id), ntile(3) over (order by id) from people order by id

select id, lag(id) over (order by id), lead(id, 2, -1) over (order by id), first_value(id) over (order by id), last_value(id) over (order by id rows between unbounded preceding and unbounded following), nth_value(id, 2) over (order by id) from scores where id < 5 order by id

select id, sum(id) over w, avg(score) over (w rows between 1 preceding and 1 following), count(*) over () from scores where id < 6 window w as (order by id) order by id

select id, sum(id) over a, count(*) over b from scores where id < 7 window a as (partition by score), b as (a order by id) order by id

select id, sum(id) over (order by score range between 1 preceding and current row), sum(id) over (order by score groups between 1 preceding and 1 following), sum(id) over (order by id rows 2 preceding) from scores where id < 9 order by id

select id, sum(id) over (order by score groups between 1 preceding and 1 following exclude current row), sum(id) over (order by score groups between 1 preceding and 1 following exclude group), sum(id) over (order by score groups between 1 preceding and 1 following exclude ties), sum(id) over (order by score rows between 1 preceding and 1 following exclude no others) from scores where id < 9 order by id

select id, sum(seconds) over (order by at range between interval '1 day' preceding and interval '12 hours' following) from visits where id < 8 order by id

select id, count(*) filter (where score > 1) over (order by id), string_agg(score::text, '-') over (partition by score order by id) from scores where id < 8 order by id

select * from (select id, salary, row_number() over (partition by department order by salary desc) as n from people) r where n = 1 order by id

select nth_value(id, 2) from last over (order by id) from scores

select sum(id) over nothing from scores

-- # common table expressions

with a as (select 1 as x), b as (select x + 1 as y from a) select * from a, b

with a(x, y) as (values (1, 2), (3, 4)) select x + y from a order by 1

with a as materialized (select id from scores where id < 3), b as not materialized (select * from a) select count(*) from b

with recursive t(n) as (values (1) union all select n + 1 from t where n < 10) select sum(n) from t

with recursive chain as (select id, name, boss, 1 as depth, array[id] as path from people where boss is null union all select p.id, p.name, p.boss, c.depth + 1, c.path || p.id from people p join chain c on p.boss = c.id) select * from chain order by path

with recursive t(id, boss) as (select id, boss from people where id = 1 union all select p.id, p.boss from people p join t on p.boss = t.id) search depth first by id set o select id from t order by o

with recursive t(id, boss) as (select id, boss from people where id = 1 union all select p.id, p.boss from people p join t on p.boss = t.id) search breadth first by id, boss set o select id, o from t order by o

with recursive t(n) as (select 1 union all select n % 3 + 1 from t) cycle n set is_cycle using path select * from t

with recursive t(n) as (select 1 union all select n % 3 + 1 from t) cycle n set is_cycle to 'y' default 'n' using path select * from t

with recursive t(a, b) as (select 1, 2 union all select b, a from t) cycle a, b set c to true default false using p select a, b, c from t

with recursive t(n) as (select 1 union all select n + 1 from t where n < 4) search depth first by n set o cycle n set c using p select n, c from t order by o

with recursive fib(a, b) as (select 0, 1 union all select b, a + b from fib where b < 50) select array_agg(a) from fib

with people as (select 1 as id) select * from people

with x as (select 1 as a) select * from (with x as (select 2 as a) select * from x) y, x

with x as (select 1), x as (select 2) select 1

with x as (select * from y), y as (select 1) select * from x

select * from (with q as (select 5 as v) select v from q) s

with d as (delete from scores returning *) select * from d

-- # set operations and order

select 1 union select 1 union all select 1

select 1 union select 2 intersect select 2 except select 3 order by 1

(select 1 union select 2) intersect select 2

select id from scores where id < 4 except all select id from people where id < 3 order by id

select 1 as a union all (select 2 order by 1 limit 1) order by a desc

(select id from scores order by id desc limit 2) union all (select id from people order by id limit 2) order by 1

values (1, 'a'), (2, 'b'), (3, null) order by 1 desc

values (1), ('x')

select column1, column2 from (values (1, 'a'), (2, 'b')) v order by column1 desc

select id from people order by salary desc nulls last, name asc, 1

select id, name from people order by salary nulls first, lower(name) desc using >

select id from scores order by score desc, id using < limit 3

select id from people order by length(name) + id desc limit 2

select name as n from people order by n collate "C" desc limit 3

select id from people order by 2

select distinct on (department) department, name from people order by department, salary desc nulls last, id

select distinct on (score % 2, id % 2) id from scores order by score % 2, id % 2, id

select count(*) from (select distinct department, boss from people) d

select 1 union select 1, 2

select 1 intersect all select 1

-- # limits

select id from scores order by id limit 2

select id from scores order by id limit 3 offset 5

select id from scores order by id offset 27

select id from scores order by id offset 25 limit 2

select id from scores order by id offset 1 row

select id from scores order by id limit 1 + 2

select id from scores order by id limit (2)

select id from scores order by id limit +2

select id from scores order by id limit 2::int

select id from scores order by id limit '2'

select id from scores order by id limit 2.4

select id from scores order by id limit 2.5

select id from scores order by id limit 1e1

select id from scores order by id limit (select 2)

select id from scores order by id limit (select count(*) / 10 from scores)

select id from scores order by id limit greatest(1, 2)

select id from scores order by id limit coalesce(null, 2)

select id from scores order by id limit case when true then 2 else 1 end

select id from scores order by id limit all

select id from scores order by id limit null

select id from scores order by id limit null offset 28

select id from scores order by id limit all offset 28

select id from scores order by id limit 0

select id from scores order by id limit -1

select id from scores order by id limit 'x'

select id from scores order by id limit id

select id from scores order by id limit 2, 3

select id from scores order by id fetch first row only

select id from scores order by id fetch next rows only

select id from scores order by id fetch first 2 rows only

select id from scores order by id offset 2 rows fetch next 3 rows only

select id from scores order by id fetch first 3 rows only offset 2

select id, score from scores order by score desc fetch first 2 rows with ties

select id, score from scores order by score desc offset 1 fetch first (1 + 2) rows with ties

select id from scores order by id fetch first (1 + 2) rows only

select id from scores order by id fetch first (select 2) rows only

select id from scores order by id fetch first +2 rows only

select id from scores order by id fetch first twice(2) rows only

select id from scores order by id fetch first case when true then 3 end rows only

select id from scores fetch first 2 rows with ties

select * from (select id from scores order by id fetch first 2 rows only) s

select * from (select id, score from scores order by score fetch first 1 row with ties) s order by id

with t as (select id from scores order by id fetch first 2 rows only) select count(*) from t

with t as (select id from scores) select id from t order by id limit 1 + 1

(select id from scores order by id limit 5) limit 2

(select id from scores order by id limit 5)

((select id from scores order by id)) limit 2

(select id from scores) order by id limit 1 + 1

(select id from scores order by id) offset 28

values (1), (2), (3) limit 1 + 1

values (1), (2), (3) fetch first 2 rows only

select 1 union all select 2 union all select 3 order by 1 limit 1 + 1

(select 1) union all (select 2 limit 1) limit 1

select id from scores order by id limit 2 for update

explain (costs off) select id from scores fetch first 2 rows only

explain (costs off, format json) select id from scores where id = 1

explain (analyze, costs off, timing off, summary off) select count(*) from parent

explain verbose select 1

explain analyze delete from scores

-- # white space and comments

select/**/1/* a /* nested */ comment */+/**/2--end

select 1 -- comment
, 2 /* and
another */

select 1;

  select 2 ;  

select '--', '/*', '*/', ';'

select 1 --- three

select 3 -/* minus */- 4

select	1
	,
	2

select 1  as x

-- # changes are refused

insert into scores values (99, 1)

update scores set score = 0

delete from scores

truncate scores

drop table scores

create table x (a int)

merge into scores using people on false when matched then delete

-- refused: DO runs anything
do $$ begin end $$

-- refused: settings stay
set search_path = other

-- refused: settings are hidden
show search_path

-- refused: each run is a transaction
begin isolation level serializable

-- refused: denied functions
select pg_sleep(0)

-- refused: denied functions
select current_user

-- refused: denied functions
select lo_import('/etc/passwd')

-- refused: denied functions
select set_config('a.b', 'c', false)

-- refused: reaches other sessions
notify x
