-- How many trips of some cells there are in each week, in one pass over the trips: for those in the columnstore, where a thousand
-- trips are unpacked together and looking for each cell by itself took minutes.
--
-- In:     asked, as tripgrid.checked_area gives it; cells, and inside, whether each lies wholly in the area; those that do not
--         have their trips tested one by one
--         point, origin or destination; other, a condition as SQL over a trip t, as tripgrid.lies_in gives it
--         opens and closes, local times, the second not included; source, region, hours, days, as tripgrid.weekly_counts
-- Out:    week, its Monday; trips; perhaps several rows a week, to be summed
-- Errors: none of its own
--
-- Trips stand there in the order of the cell of their origin, so the ranges that hold the cells leave most of it packed.
create or replace function tripgrid.columnar_counts(
  asked geometry, cells text[], inside boolean[], point text, other text, opens timestamp, closes timestamp,
  source text, region text, hours integer[], days integer[])
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  most_ranges constant integer := 32;
  cell   text := left(point, 1) || '_cell';
  prefix integer;
  ranges text;
begin
  if coalesce(cardinality(cells), 0) = 0 or opens >= closes then
    return;
  end if;
  select max(p) into prefix
  from generate_series(0, 4) p where (select count(distinct left(c, p)) from unnest(cells) c) <= most_ranges;
  select string_agg(format('t.%1$I >= %2$L and t.%1$I < %3$L', cell, c.start, c.start || '{'), ' or ') into ranges
  from (select distinct left(c, prefix) as start from unnest(cells) c) c;
  -- The first two parameters are not used: the conditions name the area $9.
  return query execute format($q$
    select date_trunc('week', t.local_time)::date, count(*)
    from tripgrid.trips t
    where (%1$s) and t.local_time >= $3 and t.local_time < $4
      and ($5 is null or t.source = $5) and ($6 is null or t.region = $6)
      and ($7 is null or extract(hour from t.local_time)::int = any ($7))
      and ($8 is null or extract(isodow from t.local_time)::int = any ($8))
      and %2$s and %3$s
    group by 1 $q$, ranges, tripgrid.lies_in(cells, inside, point), other)
  using null, null, opens, closes, source, region, hours, days, asked;
end
$$;
comment on function tripgrid.columnar_counts is 'Trips of some cells a week, counted in one pass over the trips';

-- select * from tripgrid.columnar_counts(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), array['u0j2q'], array[false], 'origin', 'true', '2018-05-28', '2018-06-04', null, null, null, null);
