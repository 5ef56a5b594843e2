-- What may be told of weekly counts that have one total: trips, lower and upper are null for weeks that TRIPGRID_MIN_TRIPS withholds.
--
-- In:     week, trips, lower and upper, one for each week; of an estimate lower and upper enclose what trips estimates
-- Out:    the same, in no particular order
-- Errors: none
--
-- Of an estimate a week is withheld by what it estimates, and where it is sure that there are fewer trips.
create or replace function tripgrid.told_weeks(week date[], trips bigint[], lower bigint[], upper bigint[])
returns table (week date, trips bigint, lower bigint, upper bigint)
language sql stable set search_path from current as $$
  select w.week, case when not h.is_hidden then w.trips end, case when not h.is_hidden then w.lower end, case when not h.is_hidden then w.upper end
  from (select coalesce(array_agg(o.week), '{}') as week, coalesce(array_agg(o.trips), '{}') as trips, array_agg(o.lower) as lower,
               array_agg(o.upper) as upper, tripgrid.withheld(array_agg(case when o.upper < s.min_trips then o.upper else o.trips end)) as hidden
        from tripgrid.settings s, (select * from unnest($1, $2, $3, $4) u (week, trips, lower, upper) order by u.week) o
        group by s.min_trips) a
  cross join lateral unnest(a.week, a.trips, a.lower, a.upper, a.hidden) w (week, trips, lower, upper, is_hidden)
  cross join lateral (select coalesce(w.is_hidden, false) as is_hidden) h;
$$;
comment on function tripgrid.told_weeks is 'What may be told of weekly counts';

-- select * from tripgrid.told_weeks(array['2018-04-30', '2018-05-07']::date[], array[2, 15], array[2, 15], array[2, 15]);
