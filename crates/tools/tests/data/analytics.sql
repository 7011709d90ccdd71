-- Questions that people ask of the sample business, one a line. The order of the rows is given by each.
-- # sales over time
select date_trunc('month', ordered_at)::date as month, count(*) as orders, sum(net_amount) as revenue from orders group by 1 order by 1
select extract(year from ordered_at)::int as year, extract(quarter from ordered_at)::int as quarter, sum(net_amount) as revenue, round(avg(net_amount), 2) as average from orders where status <> 'Cancelled' group by 1, 2 order by 1, 2
select ordered_at::date as day, count(*) as n, sum(gross_amount) as gross from orders where ordered_at >= '2025-11-01' and ordered_at < '2025-12-01' group by 1 order by 1
select to_char(ordered_at, 'YYYY-MM') as month, country, sum(net_amount) as revenue from orders group by 1, 2 order by 1, 2
select date_part('week', ordered_at)::int as week, count(*) as n from orders where ordered_at between '2024-01-01' and '2024-12-31 23:59:59' group by week order by week
select weekday, hour_of_day, count(*) as n from orders group by weekday, hour_of_day order by n desc, weekday, hour_of_day
select weekday, round(avg(net_amount), 2) as average, percentile_cont(0.5) within group (order by net_amount) as median from orders group by weekday order by weekday
select date_trunc('year', ordered_at)::date as year, count(distinct customer_id) as buyers, count(*) as orders, round(count(*)::numeric / count(distinct customer_id), 3) as per_buyer from orders group by 1 order by 1
with monthly as (select date_trunc('month', ordered_at)::date as month, sum(net_amount) as revenue from orders group by 1) select month, revenue, lag(revenue) over (order by month) as before, round(100.0 * (revenue - lag(revenue) over (order by month)) / lag(revenue) over (order by month), 2) as growth from monthly order by month
with monthly as (select date_trunc('month', ordered_at)::date as month, sum(net_amount) as revenue from orders group by 1) select month, sum(revenue) over (order by month) as running, round(avg(revenue) over (order by month rows between 2 preceding and current row), 2) as three_months from monthly order by month
with m as (select date_trunc('month', ordered_at)::date as month, sum(net_amount) as revenue from orders group by 1) select a.month, a.revenue, b.revenue as last_year, a.revenue - b.revenue as change from m a left join m b on b.month = (a.month - interval '1 year')::date order by a.month
select d::date as day, count(o.order_id) as n from generate_series(date '2023-01-01', date '2023-03-31', interval '1 day') d left join orders o on o.ordered_at >= d and o.ordered_at < d + interval '1 day' group by 1 order by 1
select min(ordered_at) as first, max(ordered_at) as last, max(ordered_at)::date - min(ordered_at)::date as days from orders
select extract(hour from ordered_at)::int as h, count(*) filter (where channel = 'Web') as web, count(*) filter (where channel <> 'Web') as other from orders group by 1 order by 1
select date_trunc('month', delivered_at)::date as month, count(*) as delivered, round(avg(extract(epoch from delivered_at - ordered_at) / 86400)::numeric, 2) as days from orders where delivered_at is not null group by 1 order by 1
select case when extract(month from ordered_at) in (12, 1, 2) then 'winter' when extract(month from ordered_at) between 3 and 5 then 'spring' when extract(month from ordered_at) between 6 and 8 then 'summer' else 'autumn' end as season, sum(net_amount) as revenue from orders group by 1 order by 2 desc
select date_trunc('day', ordered_at)::date as day, sum(net_amount) as revenue from orders group by 1 order by 2 desc, 1 limit 10
select date_trunc('day', ordered_at)::date as day, sum(net_amount) as revenue from orders group by 1 order by 2 asc, 1 limit 5
select to_char(ordered_at, 'Dy') as dow, count(*) as n from orders where country = 'France' group by 1 order by 2 desc, 1
select date_bin('7 days', ordered_at, timestamp '2023-01-01') as week, count(*) as n from orders group by 1 order by 1
select extract(isoyear from ordered_at)::int as y, extract(week from ordered_at)::int as w, sum(net_amount) as revenue from orders group by 1, 2 having sum(net_amount) > 20000 order by 3 desc, 1, 2
select date_trunc('month', ordered_at)::date as month, sum(sum(net_amount)) over (partition by extract(year from date_trunc('month', ordered_at)) order by date_trunc('month', ordered_at)) as ytd from orders group by date_trunc('month', ordered_at) order by 1
select year, month, revenue, rank() over (partition by year order by revenue desc) as place from (select extract(year from ordered_at)::int as year, extract(month from ordered_at)::int as month, sum(net_amount) as revenue from orders group by 1, 2) q order by year, place
select count(*) as n from orders where ordered_at > (select max(ordered_at) - interval '30 days' from orders)
select ordered_at::date as day, count(*) as n, round(avg(count(*)) over (order by ordered_at::date rows between 6 preceding and current row), 2) as week_average from orders where ordered_at >= '2025-01-01' group by 1 order by 1
-- # countries, channels, campaigns
select country, count(*) as n, sum(net_amount) as revenue, round(100 * sum(net_amount) / sum(sum(net_amount)) over (), 2) as share from orders group by country order by revenue desc
select channel, payment_method, count(*) as n from orders group by channel, payment_method order by channel, n desc, payment_method
select channel, count(*) as n, sum(net_amount) as revenue, round(avg(discount_amount), 3) as discount from orders group by 1 having count(*) > 100 order by 3 desc
select coalesce(campaign, 'none') as campaign, count(*) as n, sum(net_amount) as revenue, sum(discount_amount) as discounts from orders group by 1 order by 3 desc, 1
select country, channel, sum(net_amount) as revenue from orders group by rollup (country, channel) order by country nulls last, channel nulls last
select country, status, count(*) as n, grouping(country, status) as level from orders group by cube (country, status) order by 4, 1, 2
select country, segment, sum(net_amount) as revenue from orders group by grouping sets ((country), (segment), ()) order by 1, 2
select segment, country, count(*) as n, rank() over (partition by segment order by count(*) desc) as place from orders group by segment, country order by segment, place, country
select country, sum(net_amount) filter (where extract(year from ordered_at) = 2023) as y2023, sum(net_amount) filter (where extract(year from ordered_at) = 2024) as y2024, sum(net_amount) filter (where extract(year from ordered_at) = 2025) as y2025 from orders group by country order by country
select campaign, min(ordered_at)::date as first, max(ordered_at)::date as last, count(*) as n from orders where campaign is not null group by campaign order by first, campaign
select country, mode() within group (order by payment_method) as usual_payment, mode() within group (order by channel) as usual_channel from orders group by country order by country
select payment_method, count(*) as n, round(100.0 * count(*) / (select count(*) from orders), 2) as percent from orders group by payment_method order by n desc
select status, count(*) as n, sum(net_amount) as amount from orders group by status order by n desc
select country, round(100.0 * count(*) filter (where status = 'Cancelled') / count(*), 2) as cancelled, round(100.0 * count(*) filter (where status = 'Returned') / count(*), 2) as returned from orders group by country order by cancelled desc, country
select channel, percentile_disc(0.9) within group (order by net_amount) as p90, percentile_cont(0.99) within group (order by net_amount) as p99, max(net_amount) as most from orders group by channel order by channel
select country, string_agg(distinct channel, ', ' order by channel) as channels from orders group by country order by country
select segment, sum(net_amount) as revenue, sum(net_amount - cost_amount) as margin, round(100 * sum(net_amount - cost_amount) / sum(net_amount), 2) as percent from orders where status not in ('Cancelled', 'Returned') group by segment order by segment
select country, count(*) as n from orders where campaign like '%S%' or campaign ilike '%sale%' group by country order by n desc, country limit 3
select country, count(*) from orders where not (status = 'Cancelled' or status = 'Returned') and channel in ('Web', 'App', 'Phone') group by country order by 2 desc, 1
select width_bucket(net_amount, 0, 500, 10) as bucket, min(net_amount) as least, max(net_amount) as most, count(*) as n from orders group by bucket order by bucket
select case when net_amount < 25 then '0-25' when net_amount < 50 then '25-50' when net_amount < 100 then '50-100' else '100+' end as size, count(*) as n, sum(net_amount) as revenue from orders group by 1 order by min(net_amount)
select country, channel, n from (select country, channel, count(*) as n, row_number() over (partition by country order by count(*) desc, channel) as place from orders group by country, channel) q where place <= 2 order by country, place
select a.country, a.n as y2024, b.n as y2025, b.n - a.n as change from (select country, count(*) as n from orders where extract(year from ordered_at) = 2024 group by 1) a join (select country, count(*) as n from orders where extract(year from ordered_at) = 2025 group by 1) b using (country) order by change desc, 1
select country, avg(shipping_amount)::numeric(10, 4) as shipping, bool_and(shipping_amount >= 0) as is_sound from orders group by country order by country
select country, sum(item_count) as items, sum(item_count)::float / count(*) as per_order from orders group by country order by per_order desc, country
-- # customers
select customer_id, customer_name, country, total_spent from customers order by total_spent desc, customer_id limit 20
select segment, count(*) as n, round(avg(total_spent), 2) as spent, max(order_count) as most_orders from customers group by segment order by segment
select acquired_by, count(*) as n, sum(total_spent) as spent, round(sum(total_spent) / count(*), 2) as value from customers group by acquired_by order by value desc
select country, city, count(*) as n from customers group by country, city order by n desc, country, city
select date_trunc('month', signed_up_at)::date as month, count(*) as n, sum(count(*)) over (order by date_trunc('month', signed_up_at)) as total from customers group by date_trunc('month', signed_up_at) order by 1
select count(*) filter (where wants_newsletter) as with_newsletter, count(*) filter (where not wants_newsletter) as without, count(*) as all_of_them from customers
select count(*) as n from customers where last_order_at is null
select customer_id, customer_name from customers where last_order_at is null order by customer_id limit 15
select c.customer_id, c.customer_name, count(o.order_id) as orders, coalesce(sum(o.net_amount), 0) as spent from customers c left join orders o on o.customer_id = c.customer_id and o.status <> 'Cancelled' group by c.customer_id, c.customer_name order by spent desc, c.customer_id limit 25
select c.segment, c.country, count(distinct c.customer_id) as customers, sum(o.net_amount) as revenue from customers c join orders o using (customer_id) group by 1, 2 order by revenue desc, 1, 2
with first_orders as (select customer_id, min(ordered_at) as first from orders group by customer_id) select date_trunc('month', first)::date as cohort, count(*) as customers from first_orders group by 1 order by 1
with first_orders as (select customer_id, date_trunc('quarter', min(ordered_at)) as cohort from orders group by customer_id) select f.cohort::date as cohort, (extract(year from age(date_trunc('quarter', o.ordered_at), f.cohort)) * 4 + extract(month from age(date_trunc('quarter', o.ordered_at), f.cohort)) / 3)::int as quarters, count(distinct o.customer_id) as active from orders o join first_orders f using (customer_id) group by 1, 2 order by 1, 2
select customer_id, order_count, ntile(4) over (order by total_spent desc, customer_id) as quartile from customers order by customer_id
with q as (select total_spent, ntile(10) over (order by total_spent) as decile from customers) select decile, count(*) as n, sum(total_spent) as spent from q group by decile order by decile
select customer_id, ordered_at, net_amount, row_number() over (partition by customer_id order by ordered_at, order_id) as nth from orders where customer_id < 50 order by customer_id, nth
select distinct on (customer_id) customer_id, order_id, ordered_at, net_amount from orders order by customer_id, ordered_at desc, order_id desc
select customer_id, max(gap) as longest from (select customer_id, ordered_at - lag(ordered_at) over (partition by customer_id order by ordered_at, order_id) as gap from orders) q where gap is not null group by customer_id order by longest desc, customer_id limit 10
select customer_id, count(*) as n from orders group by customer_id having count(*) >= 20 order by n desc, customer_id
select c.customer_id from customers c where not exists (select 1 from orders o where o.customer_id = c.customer_id) order by 1
select c.customer_id from customers c where exists (select from orders o where o.customer_id = c.customer_id and o.net_amount > 400) order by 1
select customer_id from customers where customer_id in (select customer_id from orders where campaign is not null group by customer_id having count(*) > 4) order by customer_id
select customer_id from orders where ordered_at < '2024-01-01' intersect select customer_id from orders where ordered_at >= '2025-01-01' order by 1
select customer_id from orders where ordered_at < '2024-01-01' except select customer_id from orders where ordered_at >= '2024-01-01' order by 1
select segment, percentile_cont(array[0.25, 0.5, 0.75]) within group (order by total_spent)::text as quartiles from customers group by segment order by segment
select c.customer_name, o.order_id, o.net_amount from customers c cross join lateral (select order_id, net_amount from orders where orders.customer_id = c.customer_id order by net_amount desc, order_id limit 2) o where c.customer_id between 100 and 130 order by c.customer_id, o.net_amount desc, o.order_id
select case when order_count = 0 then 'none' when order_count = 1 then 'one' when order_count < 5 then 'few' else 'many' end as kind, count(*) as n, avg(total_spent)::int as spent from customers group by 1 order by 2 desc
select left(customer_name, 1) as initial, count(*) as n from customers group by 1 order by 1
select country, count(*) as n from customers where customer_name ~ '^[A-E]' and city <> 'Berlin' group by country order by country
select upper(country) as country, length(city) as letters, count(*) as n from customers group by 1, 2 order by 1, 2
select customer_id, signed_up_at, last_order_at, last_order_at - signed_up_at as lifetime from customers where last_order_at is not null order by lifetime desc, customer_id limit 12
select year, acquired_by, count(*) as n, round(100.0 * count(*) / sum(count(*)) over (partition by year), 1) as percent from (select date_part('year', signed_up_at)::int as year, acquired_by from customers) q group by 1, 2 order by 1, 2
select country, round(stddev(total_spent), 2) as deviation, round(variance(total_spent), 2) as variance from customers group by country order by country
select corr(order_count, total_spent)::numeric(8, 6) as correlation, regr_slope(total_spent, order_count)::numeric(10, 4) as slope from customers
select count(*) as n, count(last_order_at) as with_order, count(distinct country) as countries, count(distinct (country, city)) as cities from customers
with recency as (select customer_id, (date '2026-01-01' - max(ordered_at)::date) as days, count(*) as frequency, sum(net_amount) as money from orders group by customer_id) select case when days < 90 then 'active' when days < 365 then 'cooling' else 'gone' end as state, count(*) as n, round(avg(frequency), 2) as orders, round(avg(money), 2) as money from recency group by 1 order by 1
select a.customer_id, b.customer_id as other from customers a join customers b on a.customer_name = b.customer_name and a.customer_id < b.customer_id order by 1, 2 limit 20
select customer_id, first_value(net_amount) over w as first, last_value(net_amount) over (w rows between unbounded preceding and unbounded following) as last from orders where customer_id <= 20 window w as (partition by customer_id order by ordered_at, order_id) order by customer_id, first, last
-- # products and lines
select p.category, sum(l.net_amount) as revenue, sum(l.quantity) as units, round(sum(l.net_amount - l.cost_amount), 2) as margin from order_lines l join products p using (product_id) group by p.category order by revenue desc
select p.category, p.subcategory, sum(l.net_amount) as revenue from order_lines l join products p on p.product_id = l.product_id group by rollup (p.category, p.subcategory) order by 1 nulls last, 2 nulls last
select p.product_name, sum(l.quantity) as units, rank() over (order by sum(l.quantity) desc) as place from order_lines l join products p using (product_id) group by p.product_id, p.product_name order by place, p.product_name limit 15
select category, product_name, revenue from (select p.category, p.product_name, sum(l.net_amount) as revenue, row_number() over (partition by p.category order by sum(l.net_amount) desc, p.product_name) as place from order_lines l join products p using (product_id) group by p.category, p.product_name) q where place <= 3 order by category, place
select product_id, product_name, list_price, unit_cost, round(100 * (list_price - unit_cost) / list_price, 1) as margin from products order by margin desc, product_id
select category, count(*) as n, min(list_price) as cheapest, max(list_price) as dearest, round(avg(list_price), 2) as average from products group by category order by category
select category, count(*) filter (where is_active) as active, count(*) filter (where not is_active) as gone from products group by category order by category
select p.product_id, p.product_name from products p left join order_lines l using (product_id) where l.line_id is null order by 1
select sku, product_name, introduced_at::date as since from products where introduced_at >= '2024-01-01' order by since, sku
select date_trunc('month', o.ordered_at)::date as month, p.category, sum(l.net_amount) as revenue from orders o join order_lines l using (order_id) join products p using (product_id) where o.status = 'Completed' or o.status = 'Delivered' group by 1, 2 order by 1, 2
select p.category, extract(month from o.ordered_at)::int as month, sum(l.quantity) as units from orders o join order_lines l using (order_id) join products p using (product_id) group by 1, 2 order by 1, 2
select a.product_id as one, b.product_id as other, count(*) as together from order_lines a join order_lines b on a.order_id = b.order_id and a.product_id < b.product_id group by 1, 2 having count(*) > 15 order by together desc, one, other
select order_id, count(*) as lines, sum(quantity) as units, sum(net_amount) as amount from order_lines group by order_id order by lines desc, amount desc, order_id limit 10
select o.order_id, o.net_amount, sum(l.net_amount) as lines, o.net_amount - sum(l.net_amount) as difference from orders o join order_lines l using (order_id) group by o.order_id, o.net_amount having abs(o.net_amount - sum(l.net_amount)) > 0.005 order by o.order_id
select quantity, count(*) as n, sum(net_amount) as amount from order_lines group by quantity order by quantity
select p.category, round(sum(l.discount_amount) / sum(l.net_amount + l.discount_amount) * 100, 3) as discount from order_lines l join products p using (product_id) group by 1 order by 2 desc, 1
select p.category, percentile_cont(0.5) within group (order by l.unit_price) as median from order_lines l join products p using (product_id) group by 1 order by 1
with totals as (select product_id, sum(net_amount) as revenue from order_lines group by product_id), ranked as (select product_id, revenue, sum(revenue) over (order by revenue desc, product_id) / sum(revenue) over () as share from totals) select case when share <= 0.8 then 'A' when share <= 0.95 then 'B' else 'C' end as class, count(*) as products, sum(revenue) as revenue from ranked group by 1 order by 1
select p.product_name, o.country, sum(l.quantity) as units from order_lines l join orders o using (order_id) join products p using (product_id) where p.category = 'Garden' group by 1, 2 order by 3 desc, 1, 2 limit 30
select product_id, product_name from products where product_name similar to '%(kit|box)%' order by product_id
select product_id, split_part(sku, '-', 1) as prefix, substring(sku from 4 for 3) as middle, position('-' in sku) as dash from products order by product_id
select category, string_agg(product_name, '; ' order by list_price desc, product_name) filter (where list_price > 100) as dear from products group by category order by category
select category, array_to_string(array_agg(sku order by sku), ',') as skus from products where is_active group by category order by category
select subcategory, max(list_price) - min(list_price) as spread from products group by subcategory having max(list_price) - min(list_price) > 50 order by spread desc, subcategory
select product_id, list_price, avg(list_price) over (partition by category)::numeric(10, 2) as average, list_price > avg(list_price) over (partition by category) as is_dear from products order by product_id
select product_id from products where list_price = (select max(list_price) from products) order by 1
select product_id, list_price from products p where list_price > (select avg(list_price) * 1.5 from products q where q.category = p.category) order by 1
select product_id, coalesce(nullif(trim(both ' ' from product_name), ''), '?') as name, initcap(subcategory) as sub, replace(category, 'o', '0') as cat from products order by product_id limit 40
select category, sum(list_price) over (order by category range between unbounded preceding and current row) as running, product_id from products order by category, product_id
-- # web sessions
select source, count(*) as sessions, count(*) filter (where is_converted) as converted, round(100.0 * count(*) filter (where is_converted) / count(*), 2) as rate, sum(revenue) as revenue from web_sessions group by source order by rate desc
select device, source, round(avg(duration_seconds), 1) as seconds, round(avg(pages_viewed), 2) as pages from web_sessions group by device, source order by device, source
select furthest_step, count(*) as n, round(100.0 * sum(count(*)) over (order by furthest_step desc) / sum(count(*)) over (), 2) as reached from web_sessions group by furthest_step order by furthest_step
select date_trunc('month', started_at)::date as month, device, count(*) as n from web_sessions group by 1, 2 order by 1, 2
select landing_page, count(*) as n, sum(case when is_converted then 1 else 0 end) as sold, avg(case when is_converted then 1.0 else 0 end)::numeric(6, 4) as rate from web_sessions group by landing_page order by n desc
select hour_of_day, count(*) as n, count(*) filter (where is_new_visitor) as new from web_sessions group by hour_of_day order by hour_of_day
select weekday, device, count(*) as n, rank() over (partition by weekday order by count(*) desc) as place from web_sessions group by weekday, device order by weekday, place
select country, source, sum(revenue) as revenue from web_sessions where revenue is not null group by cube (country, source) order by 1 nulls first, 2 nulls first
select campaign, count(*) as n, sum(revenue) as revenue from web_sessions where campaign is not null group by campaign having sum(revenue) > 0 order by revenue desc, campaign
select case when duration_seconds < 30 then 'a bounce' when duration_seconds < 180 then 'b short' when duration_seconds < 600 then 'c long' else 'd very long' end as length, count(*) as n, count(*) filter (where is_converted) as sold from web_sessions group by 1 order by 1
select pages_viewed, count(*) as n from web_sessions group by pages_viewed order by pages_viewed
select source, percentile_cont(0.5) within group (order by duration_seconds) as median, percentile_cont(0.95) within group (order by duration_seconds) as p95 from web_sessions group by source order by source
select s.day, s.sessions, o.orders, round(100.0 * o.orders / s.sessions, 2) as ratio from (select started_at::date as day, count(*) as sessions from web_sessions where started_at >= '2025-06-01' and started_at < '2025-07-01' group by 1) s left join (select ordered_at::date as day, count(*) as orders from orders group by 1) o using (day) order by day
select session_id, started_at, revenue from web_sessions where is_converted order by revenue desc nulls last, session_id limit 10
select source, is_new_visitor, count(*) as n, bool_or(is_converted) as any_sold, every(pages_viewed > 0) as all_viewed from web_sessions group by 1, 2 order by 1, 2
select count(*) as n, sum(duration_seconds) as seconds, max(started_at) - min(started_at) as span from web_sessions
select date_trunc('week', started_at)::date as week, 100.0 * avg(is_converted::int) as rate from web_sessions where started_at >= '2025-09-01' group by 1 order by 1
select device, sum(revenue) as revenue, sum(revenue) / nullif(count(*) filter (where is_converted), 0) as per_sale from web_sessions group by device order by device
select country, mode() within group (order by device) as device from web_sessions group by country order by country
select started_at::date as day, string_agg(distinct device, '/' order by device) as devices, count(distinct country) as countries from web_sessions where started_at < '2023-02-01' group by 1 order by 1
-- # rows
select * from orders where order_id = 42
select * from orders order by order_id limit 5
select order_id, ordered_at, net_amount from orders where customer_id = 17 order by ordered_at, order_id
select * from customers where customer_id in (1, 2, 3) order by customer_id
select * from products order by product_id
select order_id, ordered_at, status from orders order by ordered_at desc, order_id desc limit 50 offset 100
select order_id, net_amount from orders where net_amount between 100 and 110 and country in ('France', 'Belgium') order by net_amount, order_id
select order_id from orders where delivered_at is null and status = 'Shipped' order by order_id
select line_id, quantity * unit_price as gross from order_lines where order_id = 1000 order by line_id
select session_id, started_at from web_sessions where started_at::date = '2024-02-29' order by session_id
select customer_id, customer_name || ' (' || country || ')' as label from customers order by customer_id limit 100
select order_id, to_char(ordered_at, 'DD.MM.YYYY HH24:MI') as at, to_char(net_amount, 'FM999G990D00') as amount from orders order by order_id limit 30
select order_id, ordered_at at time zone 'UTC' at time zone 'Europe/Berlin' as local_time from orders order by order_id limit 10
select order_id, age(delivered_at, ordered_at)::text as took from orders where delivered_at is not null order by order_id limit 10
select 1 as one, 'two' as two, null as three, true as four, 5.50 as five, date '2025-01-31' as six
-- # statements with a limit of their own
select order_id from orders order by order_id limit 3
select order_id from orders order by order_id limit 2000
select order_id from orders order by order_id limit 1 + 2
select order_id from orders order by order_id limit (select count(*) / 5000 from orders)
select customer_id, total_spent from customers order by total_spent desc, customer_id limit (select count(*) / 10 from customers)
select customer_id, total_spent from customers order by total_spent desc, customer_id limit (select (count(*) * 0.01)::int from customers)
select order_id, net_amount from orders order by net_amount desc, order_id fetch first 7 rows only
select order_id, net_amount from orders order by net_amount desc, order_id fetch first row only
select country, count(*) as n from customers group by country order by count(*) desc fetch first 3 rows with ties
select item_count, count(*) as n from orders group by item_count order by item_count fetch first 4 rows with ties
select quantity from order_lines order by quantity desc fetch first 5 rows with ties
select order_id from orders order by order_id offset 49990
select order_id from orders order by order_id offset 49990 limit 20
select order_id from orders order by order_id offset 10 rows fetch next 5 rows only
select order_id from orders order by order_id limit '4'
select order_id from orders order by order_id limit 4::bigint
select order_id from orders order by order_id limit 12.6
select order_id from orders order by order_id limit 1e1
select order_id from orders order by order_id limit all offset 49995
select order_id from orders order by order_id limit null offset 49995
select order_id from orders order by order_id limit greatest(3, 5)
select order_id from orders order by order_id limit coalesce(null, 6) offset 2 * 3
select order_id from orders order by order_id limit case when exists (select 1 from orders where status = 'Lost') then 1 else 8 end
select order_id from orders order by order_id limit length('twelve')
select order_id from orders order by order_id limit 0
with big as (select order_id, net_amount from orders where net_amount > 300) select * from big order by net_amount desc, order_id limit 3 * 4
with big as (select order_id, net_amount from orders order by net_amount desc, order_id limit 100) select count(*) as n, sum(net_amount) as amount from big
(select order_id from orders order by order_id limit 6)
(select order_id from orders order by order_id) limit 6
(select order_id from orders order by order_id limit 1500) union all (select order_id from orders order by order_id desc limit 2) order by 1
values (1, 'one'), (2, 'two'), (3, 'three') limit 1 + 1
values (1, 'one'), (2, 'two'), (3, 'three') order by 1 desc fetch first 2 rows only
select * from (select order_id, net_amount from orders order by net_amount desc, order_id fetch first 10 rows only) best order by order_id
select country, (select order_id from orders o where o.country = c.country order by net_amount desc, order_id limit 1) as best from (select distinct country from customers) c order by country
select c.country, o.order_id, o.net_amount from (select distinct country from customers) c, lateral (select order_id, net_amount from orders where orders.country = c.country order by net_amount desc, order_id fetch first 2 rows with ties) o order by c.country, o.net_amount desc, o.order_id
select order_id from orders order by order_id limit 10 offset (select count(*) - 12 from orders)
select order_id from orders order by order_id desc limit 1200
select session_id from web_sessions order by session_id limit 30000
select session_id, country from web_sessions order by session_id fetch first 1001 rows only
select customer_id from customers order by customer_id limit 1000
select customer_id from customers order by customer_id limit 10
-- # set operations and recursion
select 'orders' as what, count(*) as n from orders union all select 'customers', count(*) from customers union all select 'sessions', count(*) from web_sessions order by 1
select country from customers union select country from web_sessions order by country
select country, city from customers except select country, city from customers where order_count > 0 order by 1, 2
select channel from orders intersect all select channel from orders where country = 'France' order by 1 limit 5
(select country, count(*) as n from orders group by 1 order by 2 desc, 1 limit 2) union all (select country, count(*) from orders group by 1 order by 2, 1 limit 2) order by n desc, country
with recursive months(m) as (select date '2023-01-01' union all select (m + interval '1 month')::date from months where m < '2025-12-01') select m, count(o.order_id) as n from months left join orders o on o.ordered_at >= m and o.ordered_at < m + interval '1 month' and o.country = 'Austria' group by m order by m
with recursive n(i, f) as (values (1, 1::numeric) union all select i + 1, f * (i + 1) from n where i < 20) select i, f from n order by i
with recursive tree(id, parent, label) as (values (1, null::int, 'all'), (2, 1, 'home'), (3, 1, 'garden'), (4, 3, 'tools')), walk as (select id, label, label::text as path, 0 as depth from tree where parent is null union all select t.id, t.label, w.path || '/' || t.label, w.depth + 1 from tree t join walk w on t.parent = w.id) search depth first by id set place select id, path, depth from walk order by place
with recursive walk(a, b) as (values (1, 2) union all select b, a from walk) cycle a, b set is_loop using path select a, b, is_loop from walk order by path
with recursive spent as (select customer_id, order_id, net_amount, row_number() over (partition by customer_id order by ordered_at, order_id) as nth from orders where customer_id <= 5), running as (select customer_id, nth, net_amount::numeric as total from spent where nth = 1 union all select s.customer_id, s.nth, r.total + s.net_amount from running r join spent s on s.customer_id = r.customer_id and s.nth = r.nth + 1) select * from running order by customer_id, nth
with a as materialized (select country, sum(net_amount) as revenue from orders group by country), b as not materialized (select avg(revenue) as average from a) select country, revenue, round(revenue - average, 2) as above from a, b order by above desc
with a as (select 1 as x), b as (select x + 1 as x from a), c as (select x + 1 as x from b) select a.x as a, b.x as b, c.x as c from a, b, c
select * from (values ('Germany', 'DE'), ('France', 'FR'), ('Austria', 'AT')) as codes(country, code) join (select country, count(*) as n from orders group by country) o using (country) order by code
select o.country, o.n, coalesce(s.n, 0) as sessions from (select country, count(*) as n from orders group by 1) o full outer join (select country, count(*) as n from web_sessions group by 1) s using (country) order by 1
select a.country as a, b.country as b from (select distinct country from customers) a cross join (select distinct country from customers) b where a.country < b.country order by 1, 2
select * from (select country, count(*) as n from orders group by country) a natural join (select country, count(*) as m from customers group by country) b order by country
-- # windows
select order_id, net_amount, sum(net_amount) over (order by order_id rows between 2 preceding and 2 following exclude current row) as around from orders where order_id <= 30 order by order_id
select order_id, item_count, count(*) over (order by item_count groups between 1 preceding and 1 following exclude ties) as near from orders where order_id <= 30 order by order_id
select ordered_at::date as day, sum(net_amount) over (order by ordered_at range between interval '7 days' preceding and current row) as week, order_id from orders where ordered_at < '2023-01-20' order by ordered_at, order_id
select country, month, revenue, round(revenue / first_value(revenue) over (partition by country order by month) * 100, 1) as index from (select country, date_trunc('quarter', ordered_at)::date as month, sum(net_amount) as revenue from orders group by 1, 2) q order by country, month
select country, percent_rank() over (order by n)::numeric(6, 4) as rank, cume_dist() over (order by n)::numeric(6, 4) as dist, n from (select country, count(*) as n from orders group by country) q order by n, country
select order_id, lead(order_id, 2, -1) over (partition by customer_id order by order_id) as next_but_one, nth_value(net_amount, 2) over (partition by customer_id order by order_id) as second from orders where customer_id < 12 order by customer_id, order_id
select customer_id, order_id, net_amount, net_amount - avg(net_amount) over (partition by customer_id) as off from orders where customer_id between 5 and 9 order by customer_id, order_id
select country, channel, n, sum(n) over w as running, max(n) over w as most from (select country, channel, count(*) as n from orders group by 1, 2) q window w as (partition by country order by n desc, channel) order by country, n desc, channel
select * from (select order_id, country, net_amount, dense_rank() over (partition by country order by net_amount desc) as place from orders) q where place <= 2 order by country, place, order_id
select month, revenue, case when revenue > lag(revenue) over w then 'up' when revenue < lag(revenue) over w then 'down' else 'same' end as trend from (select date_trunc('month', ordered_at)::date as month, sum(net_amount) as revenue from orders group by 1) q window w as (order by month) order by month
select order_id, count(*) filter (where status = 'Cancelled') over (order by order_id) as cancelled_so_far from orders where order_id <= 200 order by order_id
select customer_id, string_agg(channel, '>' order by ordered_at, order_id) as path from orders where customer_id <= 40 group by customer_id order by customer_id
with gaps as (select order_id, ordered_at, case when ordered_at - lag(ordered_at) over (order by ordered_at, order_id) > interval '2 hours' then 1 else 0 end as is_new from orders where ordered_at >= '2025-12-01' and ordered_at < '2025-12-05'), islands as (select *, sum(is_new) over (order by ordered_at, order_id) as island from gaps) select island, min(ordered_at) as starts, count(*) as n from islands group by island order by island
select country, array_to_string(array_agg(n order by year), ' ') as by_year from (select country, extract(year from ordered_at)::int as year, count(*) as n from orders group by 1, 2) q group by country order by country
-- # expressions that a printer of SQL may change
select order_id from orders where net_amount between symmetric 110 and 100 order by order_id
select order_id from orders where campaign isnull and delivered_at notnull order by order_id limit 30
select order_id from orders where (campaign is null) is not true and not (channel = 'Web') is false order by order_id limit 30
select order_id, - -item_count as a, -(-item_count) as b, + item_count as c, @ (item_count - 5) as d from orders order by order_id limit 12
select order_id, item_count % 3 as rest, item_count / 2 as half, item_count / 2.0 as exact, item_count ^ 2 as square, |/ item_count as root from orders order by order_id limit 12
select order_id, item_count & 1 as odd, item_count | 8 as more, item_count # 1 as x, ~ item_count as inverse, item_count << 2 as shifted from orders order by order_id limit 12
select interval(0) '1.5 seconds' as a, interval '1' month as b, interval '1-2' year to month as c, interval '36 hours' as d, justify_hours(interval '36 hours') as e, timestamp(0) '2025-01-01 00:00:00.7' as f
select E'a\tb' as tab, 'a\tb' as plain, U&'\00e9' as accent, U&'!00e9' uescape '!' as other, $$it's$$ as dollar, $q$a $$ b$q$ as nested, 'it''s' as doubled
select 'one' as a, 'two'::text collate "C" as b, 'x' < 'Y' collate "C" as c, cast('7' as int) as d, '8'::int + 1 as e
select trim(leading from '  a ') as a, trim(both 'x' from 'xax') as b, substring('abcdef' from 2 for 3) as c, substring('abcdef' similar '%#"c_#"%' escape '#') as d, overlay('abc' placing 'Z' from 2) as e, position('c' in 'abc') as f
select not true and false as a, not (true and false) as b, true or false and false as c, (true or false) and false as d, 1 + 2 * 3 - 4 / 2 as e, (1 + 2) * 3 as f, 2 ^ 3 ^ 2 as g, -2 ^ 2 as h
select (1 < 2) = true as a, 5 between 1 and 3 or true as b, 2 in (1, 2) = true as c, not 1 in (2) as d, 'a' || 'b' like 'a%' as e, 1 is distinct from null as f
select case when null then 1 else 2 end as a, coalesce(null, null, 3) as b, nullif(4, 4) as c, greatest(1, null, 3) as d, least(2, null) as e
select 1e3 as a, 1.50 as b, .5 as c, 5. as d, 100000000000 as e, 0.1 + 0.2 as f, 1.0 / 3 as g, 7 / 2 as h, -7 % 3 as i
select date '2024-02-29' + interval '1 year' as a, date '2024-03-31' - 1 as b, timestamp '2024-01-01' - timestamp '2023-01-01' as c, (date '2024-01-01', date '2024-06-01') overlaps (date '2024-05-01', date '2024-07-01') as d, extract(doy from date '2024-12-31') as e
select '{"a": {"b": [10, 20]}}'::jsonb -> 'a' -> 'b' ->> 1 as a, '{"a": 1}'::jsonb ? 'a' as b, '{"a": {"b": 2}}'::json #>> '{a,b}' as c, jsonb_path_query_first('{"x": [1, 5, 9]}', '$.x[*] ? (@ > 3)')::text as d, '{"a": 1, "b": 2}'::jsonb @> '{"b": 2}' as e
select (array[10, 20, 30])[2] as a, (array[10, 20, 30])[2:3]::text as b, array_length(array[1, 2, 3], 1) as c, 3 = any (array[1, 3]) as d, 4 <> all (array[1, 3]) as e, 2 = any (values (1), (2)) as f
select int4range(1, 10) @> 5 as a, (int4range(1, 10) * int4range(5, 20))::text as b, lower(int4range(3, 7)) as c, upper_inf(int4range(1, null)) as d
select to_tsvector('english', 'tides rising') @@ to_tsquery('english', 'tide & rise') as a, 'abc' ~* 'B' as b, 'abc' !~ 'x' as c, regexp_replace('a1b22', '\d+', '#', 'g') as d, 'a.b' like 'a\.b' as e
select format('%s has %L', 'it''s', 'q''s') as a, concat_ws('-', 'a', null, 'b') as b, concat(variadic array['x', 'y']) as c, lpad('7', 3, '0') as d, md5('a') as e
select count(*) /* all of them */ as n -- and nothing else
select order_id, /* the amount */ net_amount from orders order by order_id -- the first one
select "order_id" as "Order No.", orders."country" as "Land", net_amount as "select" from "orders" where "order_id" < 4 order by 1
select o.order_id id, o.net_amount amount, o.ordered_at as year, o.channel as from from orders as o where o.order_id < 4 order by id
select public.orders.order_id, orders.country from public.orders where public.orders.order_id < 4 order by 1
select operator(pg_catalog.-) 5 as a, 2 operator(pg_catalog.+) 3 as b, 'a' operator(pg_catalog.||) 'b' as c
select sum(net_amount) from only orders
select x.n, y.m from rows from (generate_series(1, 3), generate_series(4, 5)) as t(n, m), lateral (select t.n) x, lateral (select t.m) y order by x.n
select n, label from unnest(array[3, 1, 2], array['c', 'a', 'b']) with ordinality as u(n, label, place) order by place desc
select o.order_id from orders o join customers c using (customer_id) as j where j.customer_id = 3 order by 1
table products
(table customers) order by customer_id limit 5
select x from (values (1), (2), (2)) as v(x) group by distinct x order by x
select '{{customer}}' as tag, 'a{b}c' as braces, '{% if x %}' as liquid, '{"{{x}}": 1}'::jsonb ->> '{{x}}' as key
select replace('Dear {{name}}', '{{name}}', country) as greeting from (select distinct country from customers) c order by country
-- # long ones
with base as (select o.order_id, o.ordered_at, o.country, o.channel, o.net_amount, o.cost_amount, c.segment, c.acquired_by from orders o join customers c using (customer_id) where o.status not in ('Cancelled', 'Returned')), monthly as (select date_trunc('month', ordered_at)::date as month, country, channel, segment, count(*) as orders, sum(net_amount) as revenue, sum(net_amount - cost_amount) as margin from base group by 1, 2, 3, 4), ranked as (select *, row_number() over (partition by month order by revenue desc, country, channel, segment) as place, sum(revenue) over (partition by month) as total from monthly) select month, country, channel, segment, orders, revenue, round(100 * revenue / total, 2) as share, round(100 * margin / nullif(revenue, 0), 2) as margin from ranked where place <= 5 order by month, place
with sales as (select p.category, date_trunc('month', o.ordered_at)::date as month, sum(l.net_amount) as revenue from orders o join order_lines l using (order_id) join products p using (product_id) group by 1, 2), stats as (select category, avg(revenue) as mean, stddev_samp(revenue) as dev from sales group by 1) select s.category, s.month, s.revenue, round((s.revenue - t.mean) / t.dev, 2) as z from sales s join stats t using (category) where abs(s.revenue - t.mean) > 1.5 * t.dev order by abs(s.revenue - t.mean) / t.dev desc, 1, 2
with steps as (select source, device, count(*) as visited, count(*) filter (where furthest_step >= '2') as saw, count(*) filter (where furthest_step >= '3') as filled, count(*) filter (where furthest_step >= '4') as till, count(*) filter (where furthest_step >= '5') as bought from web_sessions group by source, device) select source, device, visited, round(100.0 * saw / visited, 1) as saw, round(100.0 * filled / nullif(saw, 0), 1) as filled, round(100.0 * till / nullif(filled, 0), 1) as till, round(100.0 * bought / nullif(till, 0), 1) as bought from steps order by source, device
with per_customer as (select customer_id, min(ordered_at)::date as first, max(ordered_at)::date as last, count(*) as n, sum(net_amount) as spent from orders group by customer_id), scored as (select customer_id, ntile(5) over (order by last, customer_id) as r, ntile(5) over (order by n, customer_id) as f, ntile(5) over (order by spent, customer_id) as m from per_customer) select r, f, m, count(*) as customers from scored group by r, f, m having count(*) > 30 order by customers desc, r, f, m
select country, sum(net_amount) filter (where quarter = 1) as q1, sum(net_amount) filter (where quarter = 2) as q2, sum(net_amount) filter (where quarter = 3) as q3, sum(net_amount) filter (where quarter = 4) as q4, sum(net_amount) as year, round(100.0 * sum(net_amount) filter (where quarter = 4) / sum(net_amount), 1) as q4_share from (select country, net_amount, extract(quarter from ordered_at)::int as quarter from orders where ordered_at >= date '2025-01-01' and ordered_at < date '2026-01-01' and status <> 'Cancelled') q group by rollup (country) order by country nulls last
-- # what else people ask
select round(sum(net_amount), 0)::bigint as revenue, count(*) as orders, round(avg(item_count), 3) as items from orders where country in (select country from customers group by country having count(*) > 300)
select country, count(*) as n from orders where customer_id = any (select customer_id from customers where segment = 'Trade') group by country order by 2 desc, 1
select c.segment, o.status, count(*) as n from orders o, customers c where o.customer_id = c.customer_id group by c.segment, o.status order by c.segment, n desc, o.status
select country, max(net_amount) as most, min(net_amount) as least, max(net_amount) - min(net_amount) as spread from orders where net_amount > 0 group by country order by spread desc, country
select date_trunc('month', ordered_at)::date as month, count(*) filter (where is_first) as new, count(*) filter (where not is_first) as returning from (select ordered_at, row_number() over (partition by customer_id order by ordered_at, order_id) = 1 as is_first from orders) q group by 1 order by 1
select discount_amount > 0 as has_discount, count(*) as n, round(avg(net_amount), 2) as average from orders group by 1 order by 1
select campaign, round(sum(discount_amount) / nullif(sum(gross_amount), 0) * 100, 2) as percent from orders group by campaign order by percent desc nulls last, campaign
select hour_of_day between 9 and 17 as in_hours, weekday in ('Saturday', 'Sunday') as weekend, count(*) as n from orders group by 1, 2 order by 1, 2
select payment_method, country, count(*) as n from orders where payment_method <> all (array['Card', 'Wallet']) group by 1, 2 order by 3 desc, 1, 2
select round(net_amount, -1) as about, count(*) as n from orders group by round(net_amount, -1) having count(*) > 500 order by about
select order_id, gross_amount, discount_amount, net_amount, gross_amount - discount_amount = net_amount as adds_up from orders where discount_amount > 60 order by order_id limit 40
select count(*) as wrong from orders where gross_amount - discount_amount <> net_amount
select to_char(date_trunc('quarter', ordered_at), '"Q"Q YYYY') as quarter, sum(net_amount) as revenue from orders group by date_trunc('quarter', ordered_at) order by date_trunc('quarter', ordered_at)
select c.acquired_by, round(avg(extract(epoch from f.first - c.signed_up_at) / 86400)::numeric, 2) as days_to_first from customers c join (select customer_id, min(ordered_at) as first from orders group by 1) f using (customer_id) group by 1 order by 2, 1
select o.channel, count(distinct l.product_id) as products, sum(l.quantity) as units from orders o join order_lines l on l.order_id = o.order_id where o.ordered_at >= timestamp '2025-01-01' group by o.channel order by o.channel
select country, count(*) as n, count(*) - lag(count(*)) over (order by count(*), country) as step from customers group by country order by n, country
select extract(dow from started_at)::int as dow, extract(hour from started_at)::int as hour, count(*) as n from web_sessions group by 1, 2 order by 3 desc, 1, 2 limit 24
select source || ' / ' || device as path, avg(pages_viewed)::numeric(6, 3) as pages from web_sessions group by source, device order by 2 desc, 1
select s.country, s.sessions, c.customers, round(s.sessions::numeric / c.customers, 2) as ratio from (select country, count(*) as sessions from web_sessions group by 1) s join (select country, count(*) as customers from customers group by 1) c on c.country = s.country order by ratio desc, s.country
select exists (select 1 from orders where net_amount > 10000) as has_giant, not exists (select 1 from orders where net_amount < 0) as never_negative, (select max(order_id) from orders) as last_id
select p.category, p.subcategory, count(*) as things, sum(p.list_price) as total, array_agg(p.product_id order by p.product_id)::text as ids from products p group by p.category, p.subcategory order by p.category, p.subcategory
select ordered_at::date as day, count(*) as n from orders group by 1 having count(*) > (select avg(n) * 1.8 from (select count(*) as n from orders group by ordered_at::date) d) order by n desc, day
select generate_series(1, 5) as n, 'x' as x order by n desc
select id, upper(label) as label from (values (3, 'c'), (1, 'a'), (2, null)) as t(id, label) order by label nulls first, id
select t.customer_id, t.total_spent, round(t.total_spent / sum(t.total_spent) over () * 100, 4) as share from customers t order by t.total_spent desc, t.customer_id fetch first 12 rows only
