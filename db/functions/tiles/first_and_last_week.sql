-- Returns the first and the last week with a trip.
--
-- In:     source, region, as the trips carry them. Null: all
-- Out:    first, last, Mondays; null if there is no such trip
-- Errors: none of its own
create or replace function tripgrid_internal.first_and_last_week(source text, region text, out first date, out last date)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_column
declare
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
  behind  constant timestamp[] := array(select distinct p.week::timestamp from tripgrid_internal.pending_weeks p where p.week >= retired);
  found   record;
  run     tsrange;
begin
  for found in
    select min(h.hour) as low, max(h.hour) as high from tripgrid_internal.hourly_regions h
    where (first_and_last_week.source is null or h.source = first_and_last_week.source)
      and (first_and_last_week.region is null or h.region = first_and_last_week.region)
      and date_trunc('week', h.hour) <> all (behind)
  loop
    first := date_trunc('week', found.low)::date;
    last := date_trunc('week', found.high)::date;
  end loop;
  for run in select r from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r loop
    for found in
      select min(t.local_time) as low, max(t.local_time) as high from tripgrid.trips t
      where t.local_time >= lower(run) and t.local_time < upper(run)
        and (first_and_last_week.source is null or t.source = first_and_last_week.source)
        and (first_and_last_week.region is null or t.region = first_and_last_week.region)
    loop
      first := least(first, date_trunc('week', found.low)::date);
      last := greatest(last, date_trunc('week', found.high)::date);
    end loop;
  end loop;
end
$$;
comment on function tripgrid_internal.first_and_last_week is 'The first and the last week with a trip';

-- select * from tripgrid_internal.first_and_last_week(null, 'Turin');
