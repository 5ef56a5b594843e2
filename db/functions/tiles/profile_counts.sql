-- Counts the trips of a selection in each cell of one size, as tripgrid_internal.cell_counts, from the profiles of whole periods.
--
-- In:     selection, with a match of origin, destination or both; its window, area and cells do not count
--         parents and size, as tripgrid_internal.cell_counts. With a match of both ends size is 6 or 7
--         periods, each with profiles
-- Out:    cell, a geohash of this size within a parent; trips
-- Errors: none of its own
create or replace function tripgrid_internal.profile_counts(selection tripgrid.selection, parents text[], size integer, periods date[])
returns table (cell text, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  -- One bit for each hour of the week that is asked for.
  asked constant bit(168) := (
    select string_agg(case when (selection.hours is null or h % 24 = any (selection.hours)) and (selection.days is null or h / 24 + 1 = any (selection.days))
                      then '1' else '0' end, '' order by h)
    from generate_series(0, 167) h);
  -- Trips of these hours that each plane stands for.
  terms constant text[] := array(select format('coalesce(bit_count(r.planes[%s] & $6), 0) * %s', j + 1, 1 << j) from generate_series(0, 30) j);
begin
  return query execute format($q$
    select left(k.cell, $3), sum(k.trips)::bigint
    from unnest($4) w (first_week) cross join unnest($2) p (cell)
    cross join lateral (
      select r.cell, %s as trips
      from tripgrid_internal.cell_profiles r
      where r.first_week = w.first_week and r.match = ($1).match and r.size = $5
        and r.cell >= p.cell collate "C" and r.cell < p.cell || '{' collate "C"
        and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
      offset 0) k
    group by 1 having sum(k.trips) > 0 $q$,
    case when selection.hours is null and selection.days is null then 'r.trips'
         -- Few profiles have more than four planes: more than 15 trips in an hour of the week.
         else format('case when cardinality(r.planes) <= 4 then %s else %s end', array_to_string(terms[1:4], ' + '), array_to_string(terms, ' + ')) end)
  using selection, parents, size, periods, greatest(size, 6), asked;
end
$$;
comment on function tripgrid_internal.profile_counts is 'Trips of a selection by cell, from the profiles of cells';

-- select * from tripgrid_internal.profile_counts(tripgrid_internal.selection_of(null, 'origin', null, null, null, null, array[7, 8], null), array['u0j2'], 6, array['2018-04-30'::date]);
