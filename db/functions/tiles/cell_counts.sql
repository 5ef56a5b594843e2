-- Counts the trips of a selection in each cell of one size, nothing withheld: several rows a cell, to be summed.
--
-- In:     selection; its area and cells do not count. match: the end that lies in the cell. both: both ends lie in the same cell.
--         either: a trip counts for the cell of each end, and once where these are the same
--         parents, geohashes, each once, none within another; size, the characters of the cells, 2 to 7, more than the parents have
-- Out:    cell, a geohash of this size within a parent; trips
-- Errors: none of its own
--
-- Retired weeks have only the counts that the rollups hold: they do not count where hours, days or a match of both ends or either
-- end are asked for. Other weeks are then counted from the profiles of whole periods, and from the trips where there are none.
create or replace function tripgrid_internal.cell_counts(selection tripgrid.selection, parents text[], size integer)
returns table (cell text, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
  behind  timestamp[];
  periods date[] := '{}';
  part    record;
  run     tsrange;
begin
  if selection.match = 'either' then
    selection.window_start := greatest(selection.window_start, retired);
    selection.match := 'origin';
    return query select o.cell, o.trips from tripgrid_internal.cell_counts(selection, parents, size) o;
    selection.match := 'destination';
    return query select d.cell, d.trips from tripgrid_internal.cell_counts(selection, parents, size) d;
    selection.match := 'both';
    return query select b.cell, -b.trips from tripgrid_internal.cell_counts(selection, parents, size) b;
    return;
  elsif selection.hours is not null or selection.days is not null or selection.match = 'both' then
    selection.window_start := greatest(selection.window_start, retired);
    if selection.window_start >= selection.window_end then
      return;
    end if;
    -- Both ends in one larger cell may lie in two of six characters.
    if selection.match <> 'both' or size >= 6 then
      periods := tripgrid_internal.profiled_periods(selection, greatest(size, 6));
    end if;
    return query select p.cell, p.trips from tripgrid_internal.profile_counts(selection, parents, size, periods) p where cardinality(periods) > 0;
    for run in
      select r from unnest(tsmultirange(tsrange(selection.window_start, selection.window_end))
                           - coalesce((select range_agg(tsrange(p, p + interval '28 days')) from unnest(periods) p), '{}'::tsmultirange)) r
    loop
      return query
      select t.cell, t.trips
      from tripgrid_internal.cell_counts_by_trip(
        tripgrid_internal.selection_within(selection, lower(run), upper(run)), parents, size) t;
    end loop;
    return;
  end if;
  behind := array(select distinct p.week::timestamp from tripgrid_internal.pending_weeks p
                  where p.week >= greatest(selection.window_start, retired) and p.week < selection.window_end);
  -- Each table by itself: through the view of both, the planner read a whole rollup instead of the given cells.
  for part in
    select p.kept, p.first, p.last
    from (values ('live', greatest(selection.window_start, retired), selection.window_end),
                 ('retired', selection.window_start, least(selection.window_end, retired))) p (kept, first, last) where p.first < p.last
  loop
    return query execute format($q$
      select left(k.cell, $6), sum(k.trips)::bigint
      from unnest($2) p (cell)
      cross join lateral (
        select r.cell, r.trips from tripgrid_internal.%I r
        where r.cell >= p.cell collate "C" and r.cell < p.cell || '{' collate "C" and r.week >= $3 and r.week < $4 and r.week <> all ($5)
          and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
        offset 0) k
      group by 1 $q$,
      format('%s_weekly_%ss_%s', part.kept, selection.match, greatest(size, 4)))
    using selection, parents, part.first, part.last, behind, size;
  end loop;
  -- One run of weeks at a time, so that the planner knows its partitions.
  for run in select r from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r loop
    return query
    select t.cell, t.trips
    from tripgrid_internal.cell_counts_by_trip(tripgrid_internal.selection_within(selection, lower(run), upper(run)), parents, size) t;
  end loop;
end
$$;
comment on function tripgrid_internal.cell_counts is 'Trips of a selection by cell';

-- select cell, sum(trips) from tripgrid_internal.cell_counts(tripgrid_internal.selection_of(null, 'origin', null, 'Turin', null, null, null, null), array['u0j2'], 5) group by 1;
