-- Makes the profiles of one kind of the cells of one period from its trips, unless its cells have so few trips that these are read as fast.
--
-- In:     period, its first Monday; it has no profiles of this kind. match: origin, destination or both; size: 6 or 7
--         min_mean: with fewer trips a profile, on average, none are kept
-- Out:    the number of profiles that are kept
-- Errors: none of its own
create or replace function tripgrid_internal.build_cell_profiles(period date, match text, size integer, min_mean integer) returns bigint
language plpgsql volatile set search_path from current set work_mem = '128MB' set jit = off as $$
declare
  -- The planes of any count that is an integer. Those above the largest count of a profile are cut off.
  planes constant text := (select string_agg(format('bit_or(h.bit) filter (where h.trips & %s <> 0)', 1 << j), ', ' order by j) from generate_series(0, 30) j);
  profiles bigint;
  trips_of bigint;
begin
  execute format($q$
    with made as (
      insert into tripgrid_internal.cell_profiles (first_week, match, size, cell, source, region, trips, planes)
      select $1, %2$L, %3$s, g.cell, g.source, g.region, g.trips, g.planes[1:length(ltrim(g.most::bit(31)::text, '0'))]
      from (select h.cell, h.source, h.region, sum(h.trips)::integer as trips, max(h.trips) as most, array[%5$s] as planes
            from (select c.*, set_bit($3, c.hour, 1) as bit
                  from (select left(t.%1$I, %3$s) as cell, t.source, t.region, count(*)::integer as trips,
                               (date_part('isodow', t.local_time) * 24 + date_part('hour', t.local_time))::integer - 24 as hour
                        from tripgrid.trips t
                        where t.local_time >= $1 and t.local_time < $2 and t.%1$I is not null %4$s
                        group by 1, 2, 3, 5) c) h
            group by 1, 2, 3) g
      order by g.cell
      returning trips)
    select count(*), coalesce(sum(m.trips), 0) from made m $q$,
    case match when 'destination' then 'd_cell' else 'o_cell' end, match, size,
    case match when 'both' then format('and left(t.d_cell, %1$s) = left(t.o_cell, %1$s)', size) else '' end, planes)
  into profiles, trips_of using period, period + 28, repeat('0', 168)::bit(168);
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
