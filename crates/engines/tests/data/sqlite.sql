-- Statements for SQLite, one a paragraph; see postgres.sql.

-- # literals

select 1, -1, +1, 1.5, .5, 5., 1e3, 1.5e-3, 1E+2, 00012, 9223372036854775807, 9223372036854775808, 1e999

select 0x1F, 0XfF, 0x10 & 0x1F, 255 = 0xFF, -0x1F, 0x7fffffffffffffff, typeof(0x1F), typeof(x'1F'), x'1F' = 0x1F

select * from people where flags & 0x10 order by id

select id from people where flags = 0xFF

select 0x1Fg

select 0xffffffffffffffff, 0x10000000000000000

select 1_000, 1_0.5_0, 0x_1

select 1__0

select x'ab', X'CDef', x'', hex(x'00ff'), length(x'1F'), typeof(x'')

select x'1'

select x'zz'

select 'a', 'it''s', '', 'a\b', 'line
break', "no such column"

select '{{customer}}', '{% if x %}', '{{ 1 + 1 }}' as "{{c}}" -- {{ ref('orders') }}

select 1 /* {{ds}} */

select {{ x }}

select null, true, false, typeof(true), current_timestamp is not null, current_date is not null

select 1a

select 'unterminated

select ?1

select :a

select @a

select $a

-- # operators and their order

select 2 + 3 * 4 - 5 / 2, 7 % 3, -7 % 3, 7 / 2, 7 / 2.0, 5 & 3, 5 | 3, ~5, 1 << 4, 256 >> 2, 1 << 2 + 1, 1 | 2 & 3

select - -1, -(-1), + - + 1, ~~1, - ~ 1, not not 1, not 0 + 1, -1--1
, 2

select 3 = 3, 3 == 3, 3 <> 4, 3 != 4, 3 < 4, 3 <= 3, 4 > 3, 4 >= 4, 1 < 2 = 1, 1 = 1 = 1, 2 > 1 > 0, 3 = 3 < 4

select 1 is 1, 1 is not 2, null is null, 1 is null, 1 is not null, 1 isnull, null isnull, 1 notnull, 1 not null, null is not distinct from null, 1 is distinct from 2, 1 is true, 0 is not false, null is true

select 1 isnull as x, 2 isnull + 1

select 1 + 1 isnull, 'a' isnull or 1, (null) isnull, x isnull from (select null as x)

select 2 between 1 and 3, 2 not between 1 and 3, not 2 between 1 and 3, 1 between 0 and 2 and 1, 1 between 0 and 1 = 1, 5 between 1 = 1 and 6

select 1 in (1, 2), 3 not in (1, 2), 1 in (), 1 not in (), null in (1), 1 in (select 1), (1, 2) in (select 1, 2), (1, 2) = (1, 2), (1, 2) < (1, 3), 1 in (values (1), (2)), 1 in ((select 1), 2)

select a from t where a in u

select a from t where a not in main.u

select a from t where (a, 'one') in u

select value from json_each('[1,2]') where value in json_each('[1]')

select 'abc' like 'A%', 'abc' not like '_b_', 'a%c' like 'a!%c' escape '!', 'abc' glob 'a*', 'abc' not glob 'A*', 'a' || 'b' like 'ab'

select 'a' || 'b' || 1, 1 || 2 + 3, 'a' || null, 'x' || -1

select 'a' = 'A' collate nocase, 'a' collate nocase = 'A', 'a' < 'B' collate binary, ('a' collate rtrim) = 'a '

select 1 and 0 or 1, 1 or 0 and 0, not 1 or 1, 1 and not 0, null or 1, null and 0

select '{"a": {"b": [1, 2]}}' -> '$.a', '{"a": {"b": [1, 2]}}' -> 'a' -> 'b' ->> 0, '{"a": 1}' ->> 'a' + 1, '[1,2]' -> 1

select 'abc' regexp 'a'

select 'abc' match 'a'

select 1 = 1 is true, 1 is 1 = 1, 2 = 1 is null

select 5 - 3 - 1, 2 * 3 % 4, 100 / 10 / 5, -2 * -3, 1 - -1, 2 - - 2

-- # names and labels

select 1 as a, 2 b, 3 as 'c d', 4 "e", 5 as [f g], 6 as `h`, 7 'i', 8 as "with ""quotes""", 9 as größe, 10 as _x$1

select 1 from (select 1) as 'x'

select [a b], "order", `c`, [odd name].[a b], "odd name"."order" from [odd name] order by 1

select * from 'odd name' where "order" = 'x'

select rowid, oid, _rowid_, id from people where rowid = 1

select p.*, p."Mixed Case" from people as p limit 1

select P.ID from PEOPLE P where P.NAME = 'Ada'

select main.people.id from main.people where id = 2

select people.id from people p

select key, value, type from json_each('{"a": 1}')

select 1 as end

select 1 as key, 2 as offset, 3 as replace, 4 as view, 5 as first, 6 as last, 7 over, 8 window, 9 filter

select * from order

select nothing from scores

select id from nowhere

select no_such_function(1)

select "nothing", [nothing] from scores

select a.b from (select 1 as b) as a

select count(*), count(*), 1, 1 from people

select 1 where 0

select

select from people

-- # expressions

select case 1 when 1 then 'a' when 2 then 'b' else 'c' end, case when null then 1 end, case when 1 > 2 then 1 else case when 1 then 2 end end

select coalesce(null, 1), ifnull(null, 2), nullif(1, 1), iif(1, 'a', 'b'), max(1, 3, 2), min(3, 1), max('a', 'b')

select exists (select 1), not exists (select 1), (select 1), (select name from people where id = 1), exists (values (1)), (values (5))

select cast('12' as integer), cast(1.9 as int), cast(1 as text), cast('x' as blob), cast('1.5' as real), cast('7' as numeric), cast(1 as varchar(10)), cast('1.25' as decimal(5, 2)), cast(null as text), cast('3' as double precision)

-- refused: a type of several words that the parser does not know; write INTEGER
select cast(1 as unsigned big int)

select substr('abcdef', 2, 3), substring('abcdef', 2), trim('  a '), trim('xax', 'x'), ltrim('xa', 'x'), rtrim('ax', 'x'), replace('abc', 'b', 'x'), instr('abc', 'c'), upper('a'), lower('A'), length('abc'), hex('a'), char(65, 66), unicode('A'), quote('it''s'), printf('%05d|%s', 42, 'x'), format('%.2f', 1.234), concat('a', 1), concat_ws('-', 'a', null, 'b')

select abs(-1), round(1.555, 2), round(2.5), sign(-3), mod(7, 3), pow(2, 3), sqrt(4), ceil(1.2), floor(-1.2), ln(1), log(100), log(2, 8), exp(0), pi() > 3, random() is not null, trunc(-1.5)

select date('2024-02-29', '+1 year'), datetime('2024-01-01 12:00', '-1 day', 'start of month'), time('12:34:56'), strftime('%Y-%W', '2024-05-06'), julianday('2024-01-01'), unixepoch('1970-01-02'), timediff('2024-02-01', '2024-01-01'), date('now') is not null

select json('{"a" : 1}'), json_extract('{"a": [1, 2]}', '$.a[1]'), json_object('a', 1, 'b', null), json_array(1, 'x'), json_set('{"a": 1}', '$.b', 2), json_type('[1]'), json_valid('{'), json_array_length('[1, 2]'), json_group_array(value), json_group_object(key, value) from json_each('[5, 6]')

select typeof(1), typeof(1.0), typeof('a'), typeof(null), typeof(x''), typeof(1 + 1.0), total_changes() >= 0, likely(1), unlikely(0), likelihood(1, 0.5)

select raise(ignore)

select abs()

select 1 / 0, 1 % 0, abs(-9223372036854775808)

select row_number() over (), 1 from t

-- refused: denied functions
select sqlite_version()

select load_extension('x')

-- # tables and joins

select * from t, u where t.a = u.a

select * from t join u using (a)

select * from t natural join u

select t.a, u.c from t left join u on t.a = u.a order by t.a

select t.a, u.a from t left outer join u on t.a = u.a and u.c <> 'one' where t.a is not null order by 1

select t.a, u.a from t right join u on t.a = u.a order by u.a

select t.a, u.a from t full outer join u on t.a = u.a order by t.a, u.a

select * from t cross join u order by 1, 3

select * from t inner join u on t.a = u.a, (select 7 as z)

select * from (t join u on t.a = u.a) join scores s on s.id = t.a

select * from (t), (u) where t.a = u.a

select t.a from t join u where t.a = u.a

select a from t as x where x.b > 10

select * from people indexed by people_department where department = 'lab'

select count(*) from people not indexed where department = 'lab'

select p.name, j.value from people p, json_each(p.profile, '$.langs') j order by p.id, j.value

select value from generate_series(1, 3)

select * from (values (1, 'a'), (2, 'b'))

select column1, column2 from (values (1, 'a'), (2, 'b')) order by 1 desc

select * from (select 1 as a union all select 2) where a > 1

select p.id from people p where exists (select 1 from people q where q.boss = p.id) order by 1

select (select count(*) from people q where q.boss = p.id) as n from people p order by p.id

select * from grown order by id

select * from temp.nothing

-- refused: denied functions
select * from pragma_table_info('t')

select * from t as x(y)

-- # grouping and windows

select department, count(*), sum(salary), avg(salary), total(salary), min(hired), max(name) from people group by department order by department

select department from people group by 1 having count(*) > 1 order by count(*) desc, 1

select count(distinct department), count(*) filter (where salary > 5000), sum(distinct salary), group_concat(name, ', '), group_concat(distinct department) from people

select group_concat(name, '-' order by name desc), string_agg(name, ',' order by id) from people

select name, max(salary) from people

select department, name, min(hired) from people where hired is not null group by department order by department

select count(*) from people having count(*) > 3

select id, row_number() over (order by salary desc, id), rank() over (partition by department order by salary), dense_rank() over (order by department), ntile(3) over (order by id), lag(id) over (order by id), lead(id, 2, -1) over (order by id) from people order by id

select id, sum(id) over w, avg(score) over (w rows between 1 preceding and 1 following) from scores where id < 6 window w as (order by id) order by id

select id, sum(id) over (order by score groups between 1 preceding and 1 following exclude current row), sum(id) over (order by score groups between 1 preceding and 1 following exclude ties), sum(id) over (order by score range between 1 preceding and current row exclude group), sum(id) over (order by id rows 2 preceding exclude no others) from scores where id < 9 order by id

select id, count(*) filter (where score > 1) over (order by id), first_value(id) over (order by id desc), nth_value(id, 2) over (order by id) from scores where id < 6 order by id

select * from (select id, row_number() over (partition by department order by salary desc, id) as n from people) where n = 1 order by id

-- # common table expressions

with a as (select 1 as x), b as (select x + 1 as y from a) select * from a, b

with a(x, y) as (values (1, 2), (3, 4)) select x + y from a order by 1

with a as materialized (select 1 as x), b as not materialized (select 2 as y) select * from a, b

with recursive c(n) as (values (1) union all select n + 1 from c where n < 10) select sum(n) from c

with recursive c(n) as (select 1 union select n % 3 + 1 from c limit 5) select * from c

with recursive chain(id, depth) as (select id, 0 from people where boss is null union all select p.id, depth + 1 from people p join chain on p.boss = chain.id order by 2 desc) select * from chain

with people as (select 1 as id) select * from people

with recursive t2 as (select 1 as n union all select n + 1 from t2 where n < 3) select * from t2

with x as (select 1), x as (select 2) select 1

with d as (select 1) delete from scores

-- # set operations and order

select 1 union select 1 union all select 1

select 1 union select 2 intersect select 2 except select 3

select a from t union all select a from u order by 1 desc

select a, b from t order by b desc nulls last, a

select a, b from t order by b nulls first, a desc

select name from people order by name collate nocase desc limit 3

select name as n from people order by lower(n), 1

select distinct department from people order by 1

select all department from people order by 1 limit 2

select id from people order by 2

values (1, 'a'), (2, 'b'), (3, 'c')

values (1)

values (1), (2, 3)

select 1 as x union all values (2), (3)

values (1), (2) union all select 3

values (1) union values (1), (2)

with x as (select 5) values (1), (2), (3)

select * from x union all values (1)

select 1 union select 1, 2

(select 1)

(select 1) union select 2

-- # limits

select id from scores limit 2

select id from scores limit 3 offset 5

select id from scores limit 5, 3

select id from scores limit -1

select id from scores limit -1 offset 28

select id from scores limit 0

select id from scores limit 1 + 2

select id from scores limit (2)

select id from scores limit +2

select id from scores limit '2'

select id from scores limit 2.0

select id from scores limit 2.4

select id from scores limit 1e1

select id from scores limit 0x2

select id from scores limit (select 2)

select id from scores limit (select count(*) / 10 from scores)

select id from scores limit (1), (2)

select id from scores limit 1 + 1, 1 + 2

select id from scores limit coalesce(null, 2)

select id from scores limit case when 1 then 2 end

select id from scores limit max(1, 2)

select id from scores limit cast('2' as int)

select id from scores limit null

select id from scores limit all

select id from scores limit 'x'

select id from scores limit id

select id from scores offset 2

select id from scores fetch first 2 rows only

select id from (select id from scores limit 3) limit 2

with x as (select id from scores) select id from x limit 1 + 1

select 1 union all select 2 union all select 3 limit 1 + 1

select 1 union all select 2 order by 1 desc limit 1

values (1), (2), (3) limit 2

select 1 union all values (2), (3) limit 1

explain query plan select id from scores where id = 1

-- # white space and comments

select/**/1/* a */+/**/2--end

select 1 -- comment
, 2 /* and /* no nesting */

select 1 /* open to the end

select 1;

  select 2 ;  

select '--', '/*', '*/', ';'

select 1 -- to the line's end
, 2

select	1
	,
	2

-- # changes are refused

insert into t values (1, 2)

update t set a = 1

delete from t

replace into t values (1, 2)

drop table t

create table x(a)

-- refused: PRAGMA
pragma table_info(t)

-- refused: reaches other files
attach ':memory:' as x

vacuum

begin immediate
