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
  -- The places of the counts that are added up.
  places integer[];
  -- One bit for each hour of the week.
  asked  text;
begin
  if selection.hours is null then
    places := array(select distinct 192 + d from unnest(selection.days) d);
  elsif selection.days is null then
    places := array(select distinct 169 + h from unnest(selection.hours) h);
  else
    places := array(select distinct (d - 1) * 24 + h + 1 from unnest(selection.days) d, unnest(selection.hours) h);
  end if;
  select string_agg(case when (selection.hours is null or h % 24 = any (selection.hours)) and (selection.days is null or h / 24 + 1 = any (selection.days))
                    then '1' else '0' end, '' order by h)
    into asked from generate_series(0, 167) h;
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
    case when selection.hours is null and selection.days is null then 'r.trips' else format(
      'case when r.counts is null then (select count(*) from unnest(r.starts) s where get_bit(B%L, s) = 1) else %s end',
      asked, (select coalesce(string_agg(format('r.counts[%s]', p), ' + '), '0') from unnest(places) p)) end)
  using selection, parents, size, periods, greatest(size, 6);
end
$$;
comment on function tripgrid_internal.profile_counts is 'Trips of a selection by cell, from the profiles of cells';

-- select * from tripgrid_internal.profile_counts(tripgrid_internal.selection_of(null, 'origin', null, null, null, null, array[7, 8], null), array['u0j2'], 6, array['2018-04-30'::date]);
