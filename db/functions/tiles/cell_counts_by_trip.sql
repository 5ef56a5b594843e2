-- Counts the trips of a selection in each cell of one size from the trips, nothing withheld: several rows a cell, to be summed.
--
-- In:     as tripgrid_internal.cell_counts, but for a match of either end, and without retired weeks
-- Out:    as tripgrid_internal.cell_counts
-- Errors: none of its own
--
-- Trips of the columnstore are read in one pass: a search for each parent by itself took minutes there.
create or replace function tripgrid_internal.cell_counts_by_trip(selection tripgrid.selection, parents text[], size integer)
returns table (cell text, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  max_ranges constant integer := 32;
  columnar   constant timestamp := (select least(s.columnar_before, selection.window_end) from tripgrid.settings s);
  point_cell constant text := case selection.match when 'destination' then 'd_cell' else 'o_cell' end;
  tests      constant text := '(($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or t.region = ($1).region)'
    ' and (($1).hours is null or extract(hour from t.local_time)::int = any (($1).hours))'
    ' and (($1).days is null or extract(isodow from t.local_time)::int = any (($1).days))'
    || case selection.match when 'both' then ' and left(t.d_cell, $3) = left(t.o_cell, $3)' else '' end;
  first      timestamp := greatest(selection.window_start, columnar);
  prefix     integer;
  ranges     text;
begin
  if selection.window_start < columnar then
    select max(p) into prefix
    from generate_series(0, 7) p where (select count(distinct left(c, p)) from unnest(parents) c) <= max_ranges;
    select string_agg(format('t.%1$I >= %2$L and t.%1$I < %3$L', point_cell, c.start, c.start || '{'), ' or ') into ranges
    from (select distinct left(c, prefix) as start from unnest(parents) c) c;
    return query execute format($q$
      select left(t.%1$I, $3), count(*)
      from tripgrid.trips t
      where (%2$s) and left(t.%1$I, $6) = any ($2) and t.local_time >= $4 and t.local_time < $5 and %3$s
      group by 1 $q$, point_cell, ranges, tests)
    using selection, parents, size, selection.window_start, columnar, length(parents[1]);
  end if;
  if first >= selection.window_end then
    return;
  end if;
  -- An open end adds no condition on the time: a condition might make the planner search by time.
  return query execute format($q$
    select left(k.cell, $3), count(*)
    from unnest($2) p (cell)
    cross join lateral (
      select t.%1$I as cell from tripgrid.trips t
      where t.%1$I >= p.cell collate "C" and t.%1$I < p.cell || '{' collate "C" %3$s and %2$s
      offset 0) k
    group by 1 $q$, point_cell, tests,
    case when isfinite(first) then ' and t.local_time >= $4' else '' end
      || case when isfinite(selection.window_end) then ' and t.local_time < $5' else '' end)
  using selection, parents, size, first, selection.window_end;
end
$$;
comment on function tripgrid_internal.cell_counts_by_trip is 'Trips of a selection by cell, counted from the trips';

-- select * from tripgrid_internal.cell_counts_by_trip(tripgrid_internal.selection_of(null, 'both', null, null, '2018-05-28', '2018-06-03', array[7, 8], null), array['u0j2'], 5);
