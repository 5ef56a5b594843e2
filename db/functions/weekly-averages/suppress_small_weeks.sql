-- Withholds small weeks of weekly counts that have one total: sets trips, lower and upper to null for the weeks that
-- TRIPGRID_MIN_GROUP_SIZE withholds.
--
-- In:     week, trips, lower and upper, one for each week; for an estimate lower and upper are its bounds
-- Out:    the same, in no particular order
-- Errors: none
--
-- A week of an estimate is withheld by its estimate, or by its upper bound if that is below the minimum.
create or replace function tripgrid_internal.suppress_small_weeks(week date[], trips bigint[], lower bigint[], upper bigint[])
returns table (week date, trips bigint, lower bigint, upper bigint)
language sql stable set search_path from current as $$
  select w.week, case when not h.is_suppressed then w.trips end, case when not h.is_suppressed then w.lower end, case when not h.is_suppressed then w.upper end
  from (select coalesce(array_agg(o.week), '{}') as week, coalesce(array_agg(o.trips), '{}') as trips, array_agg(o.lower) as lower,
               array_agg(o.upper) as upper, tripgrid_internal.suppressed(array_agg(case when o.upper < s.min_trips then o.upper else o.trips end)) as suppressed
        from tripgrid.settings s, (select * from unnest($1, $2, $3, $4) u (week, trips, lower, upper) order by u.week) o
        group by s.min_trips) a
  cross join lateral unnest(a.week, a.trips, a.lower, a.upper, a.suppressed) w (week, trips, lower, upper, is_suppressed)
  cross join lateral (select coalesce(w.is_suppressed, false) as is_suppressed) h;
$$;
comment on function tripgrid_internal.suppress_small_weeks is 'What may be told of weekly counts';

-- select * from tripgrid_internal.suppress_small_weeks(array['2018-04-30', '2018-05-07']::date[], array[2, 15], array[2, 15], array[2, 15]);
