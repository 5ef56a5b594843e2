-- About how many trips an area sees in each week, whatever may be told of them: what tripgrid.weekly_estimates and others answer from.
--
-- In:     as tripgrid.weekly_counts
-- Out:    as tripgrid.weekly_estimates, nothing withheld
-- Errors: as tripgrid.weekly_counts
--
-- Trips of cells inside the area count, those of the cells of its edge count by the share of the cell that lies inside: the
-- lower bound leaves all of them out, the upper takes all of them in. What is not taken up yet widens the bounds.
create or replace function tripgrid.estimated_weeks(
  area geometry, match text, source text, region text, from_date date, to_date date, hours integer[], days integer[])
returns table (week date, trips bigint, lower bigint, upper bigint)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  asked  geometry := tripgrid.checked_area(area);
  opens  timestamp;
  closes timestamp;
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
  rollup constant text := case match when 'origin' then 'weekly_origins' else 'weekly_destinations' end;
  -- With these the median error over city polygons was 0.3 %, at one million trips and at ten.
  most_edge_cells constant integer := 128;
  inside text[];
  edge   text[];
  shares double precision[];
begin
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  opens := coalesce(date_trunc('week', from_date::timestamp), '-infinity');
  closes := coalesce(date_trunc('week', to_date::timestamp) + interval '7 days', 'infinity');
  if asked is null or hours is not null or days is not null or match not in ('origin', 'destination')
     or exists (select from tripgrid.pending_weeks p where p.anew and p.week >= greatest(opens, retired) and p.week < closes) then
    return query
    select c.week, c.trips, c.lower, c.upper
    from tripgrid.exact_weeks(area, match, source, region, from_date, to_date, hours, days) c;
    return;
  end if;
  select coalesce(array_agg(c.cell) filter (where c."inner"), '{}'),
         coalesce(array_agg(c.cell) filter (where not c."inner"), '{}')
    into inside, edge
    from tripgrid.area_cover(asked, most_edge_cells) c;
  shares := tripgrid.edge_shares(asked, inside, edge);
  return query
  with known as (
    select r.week, r.trips as lower, r.trips as upper, r.weighted as trips
    from tripgrid.rollup_counts(rollup, inside, opens, closes, source, region) r
    union all
    select r.week, 0, r.trips, r.weighted
    from tripgrid.rollup_counts(rollup, edge, opens, closes, source, region, shares) r
    union all
    select p.week, -sum(p.removed), sum(p.inserted), 0
    from tripgrid.pending_weeks p where p.week >= greatest(opens, retired) and p.week < closes group by p.week
  ), summed as (
    select k.week, sum(k.trips) as trips, greatest(sum(k.lower), 0)::bigint as lower, greatest(sum(k.upper), 0)::bigint as upper
    from known k group by k.week
  )
  select s.week, least(greatest(round(s.trips)::bigint, s.lower), s.upper), s.lower, s.upper
  from summed s where s.upper > 0;
end
$$;
comment on function tripgrid.estimated_weeks is 'About how many trips a week an area sees, nothing withheld';

-- select * from tripgrid.estimated_weeks(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, null, null, null, null) order by week;
