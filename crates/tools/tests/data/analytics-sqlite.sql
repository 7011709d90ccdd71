-- The same business in SQLite; see analytics.sql.
select strftime('%Y-%m', ordered_at) as month, count(*) as n, round(sum(net_amount), 2) as revenue from orders group by 1 order by 1
select strftime('%Y', ordered_at) as year, country, count(*) as n from orders group by 1, 2 order by 1, 3 desc, 2
select date(ordered_at) as day, count(*) as n from orders where ordered_at >= '2025-11-01' and ordered_at < '2025-12-01' group by 1 order by 1
select country, count(*) as n, round(100.0 * count(*) / sum(count(*)) over (), 2) as share from orders group by country order by n desc
select country, channel, count(*) as n from orders group by country, channel having n > 500 order by n desc, country, channel
select ifnull(campaign, 'none') as campaign, count(*) as n from orders group by 1 order by 2 desc, 1
select segment, count(*) as n, round(avg(total_spent), 2) as spent from customers group by segment order by segment
select customer_id, customer_name, total_spent from customers order by total_spent desc, customer_id limit 20
select customer_id, customer_name from customers order by customer_id limit (select count(*) / 100 from customers)
select order_id from orders order by order_id limit 5, 3
select order_id from orders order by order_id limit (2), (4)
select order_id from orders order by order_id limit 1 + 2 offset 2 * 2
select order_id from orders order by order_id limit -1 offset 49995
select order_id from orders order by order_id limit '4'
select order_id from orders order by order_id limit 0x0A
select order_id from orders order by order_id limit 1e1
select order_id from orders order by order_id limit 2000
select order_id from orders order by order_id
select order_id, item_count & 0x1 as odd, item_count | 0x08 as more, item_count << 2 as shifted, 0xFF as mask from orders order by order_id limit 12
select count(*) as n from orders where item_count & 0x2
values (1, 'one'), (2, 'two'), (3, 'three')
select 'total' as what, count(*) as n from orders union all values ('a', 1), ('b', 2)
with recursive n(i) as (values (1) union all select i + 1 from n where i < 1500) select i from n
with recursive n(i) as (select 1 union all select i + 1 from n limit 25) select count(*) as n, sum(i) as total from n
with m as materialized (select strftime('%Y-%m', ordered_at) as month, sum(net_amount) as revenue from orders group by 1) select month, round(revenue, 2) as revenue, round(revenue - lag(revenue) over (order by month), 2) as change from m order by month
select country, n, rank() over (order by n desc) as place from (select country, count(*) as n from customers group by country) order by place, country
select order_id, sum(item_count) over (order by order_id rows between 2 preceding and current row exclude current row) as before from orders where order_id <= 30 order by order_id
select * from (select order_id, country, net_amount, row_number() over (partition by country order by net_amount desc, order_id) as place from orders) where place <= 2 order by country, place
select country, group_concat(distinct channel) is not null as has_channels from orders group by country order by country
select c.customer_id, count(o.order_id) as n from customers c left join orders o using (customer_id) group by c.customer_id order by n desc, c.customer_id limit 15
select customer_id from customers where customer_id not in (select customer_id from orders) order by customer_id limit 10
select p.category, sum(l.quantity) as units from order_lines l join products p using (product_id) group by 1 order by 2 desc
select p.product_name, sum(l.quantity) as units from order_lines l join products p on p.product_id = l.product_id group by p.product_id order by units desc, 1 limit 10
select product_id from products where list_price > (select avg(list_price) from products) order by 1
select device, count(*) filter (where is_converted) as sold, total(revenue) > 0 as any_revenue from web_sessions group by device order by device
select case when duration_seconds < 30 then 'short' else 'long' end as kind, count(*) as n from web_sessions group by 1 order by 1
select julianday('2025-01-01') - julianday(max(date(ordered_at))) as days from orders where ordered_at < '2025-01-01'
select order_id from orders where campaign isnull and delivered_at notnull order by order_id limit 12
select order_id, status is not 'Cancelled' as counts, campaign is null as none from orders order by order_id limit 12
select [order_id] as "Order No.", `country`, "channel" from [orders] where order_id < 4 order by 1
select '{{customer}}' as tag, 'a{b}c' as braces, '{"{{x}}": 1}' ->> '{{x}}' as key
select count(*) /* all of them */ as n -- and nothing else
select - -item_count as a, -(-item_count) as b, ~item_count as c, not not item_count as d from orders where order_id = 7
select iif(net_amount > 50, 'large', 'small') as size, count(*) as n from orders group by size order by size
select json_group_array(country) as list from (select distinct country from customers order by country)
select order_id, x'4142' as bytes, 1_000 as thousand, 5 between 1 and 9 as inside from orders where order_id in (1, 2) order by 1
