-- Makes the profiles of one kind of the cells of one period from its trips, unless its cells have so few trips that these are read as fast.
--
-- In:     period, its first Monday; it has no profiles of this kind. match: origin, destination or both; size: 6 or 7
--         min_mean: with fewer trips a profile, on average, none are kept
-- Out:    the number of profiles that are kept
-- Errors: none of its own
create or replace function tripgrid_internal.build_cell_profiles(period date, match text, size integer, min_mean integer) returns bigint
language plpgsql volatile set search_path from current set work_mem = '128MB' set jit = off as $$
declare
  -- A list of so many hours has 150 bytes, counts have 820.
  max_listed constant integer := 64;
  profiles   bigint;
  trips_of   bigint;
begin
  execute format($q$
    with made as (
      insert into tripgrid_internal.cell_profiles (first_week, match, size, cell, source, region, trips, starts, counts)
      select $1, %2$L, %3$s, g.cell, g.source, g.region, g.trips,
             case when g.trips <= $3 then array(select u.hour from unnest(g.hours, g.counts) u (hour, n), generate_series(1, u.n)) end,
             case when g.trips > $3 then tripgrid_internal.profile_of(g.hours, g.counts) end
      from (select h.cell, h.source, h.region, sum(h.trips)::integer as trips, array_agg(h.hour) as hours, array_agg(h.trips) as counts
            from (select left(t.%1$I, %3$s) as cell, t.source, t.region,
                         (date_part('isodow', t.local_time) * 24 + date_part('hour', t.local_time))::integer - 24 as hour, count(*)::integer as trips
                  from tripgrid.trips t
                  where t.local_time >= $1 and t.local_time < $2 and t.%1$I is not null %4$s
                  group by 1, 2, 3, 4) h
            group by 1, 2, 3) g
      order by g.cell
      returning trips)
    select count(*), coalesce(sum(m.trips), 0) from made m $q$,
    case match when 'destination' then 'd_cell' else 'o_cell' end, match, size,
    case match when 'both' then format('and left(t.d_cell, %1$s) = left(t.o_cell, %1$s)', size) else '' end)
  into profiles, trips_of using period, period + 28, max_listed;
  if trips_of < min_mean * profiles then
    delete from tripgrid_internal.cell_profiles p
    where p.first_week = period and p.match = build_cell_profiles.match and p.size = build_cell_profiles.size;
    return 0;
  end if;
  return profiles;
end
$$;
comment on function tripgrid_internal.build_cell_profiles is 'Makes the profiles of the cells of one period';

-- select tripgrid_internal.build_cell_profiles('2018-04-30', 'origin', 6, 8);
