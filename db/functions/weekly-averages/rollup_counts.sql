-- Returns the trips that the rollups hold for some cells, by week, summed over the cells.
--
-- In:     rollup, weekly_origins or weekly_destinations; cells, geohashes of 1 to 7 characters, none within another
--         selection: its window, source and region count, and nothing else
--         shares, the weight of each cell's trips. Null: 1
-- Out:    week, its Monday; trips; weighted, their sum weighted by the shares. A week may have several rows; sum them.
-- Errors: none of its own
--
-- Weeks that the rollups are behind with have the counts of their last refresh.
create or replace function tripgrid_internal.rollup_counts(
  rollup text, cells text[], selection tripgrid.selection, shares double precision[] default null)
returns table (week date, trips bigint, weighted double precision)
language plpgsql stable set search_path from current set jit = off as $$
declare
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
  chosen  text[];
  weights double precision[];
  part    record;
begin
  for size in 4 .. 7 loop
    -- A cell larger than the largest cells of the rollups is a range of these.
    select array_agg(u.cell), array_agg(coalesce(u.share, 1)) into chosen, weights from unnest(cells, shares) u (cell, share)
      where length(u.cell) = size or (size = 4 and length(u.cell) < 4);
    continue when chosen is null;
    -- Each table by itself: through the view of both, the planner read a whole rollup instead of the given cells.
    for part in
      select p.kept, p.first, p.last from (values ('live', greatest(selection.window_start, retired), selection.window_end),
                                              ('retired', selection.window_start, least(selection.window_end, retired)))
        p (kept, first, last) where p.first < p.last
    loop
      return query execute format($q$
        select r.week::date, sum(r.trips)::bigint, %s
        from %s
        where r.week >= $4 and r.week < $5
          and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
        group by r.week $q$,
        case when shares is null then 'sum(r.trips)::float8' else 'sum(r.trips * i.share)::float8' end,
        case
          when size = 4 then format(
            'unnest($2, $3) i (cell, share) join tripgrid_internal.%I r on r.cell >= i.cell collate "C" and r.cell < i.cell || ''{'' collate "C"',
            part.kept || '_' || rollup || '_4')
          when shares is null then
            format('(select * from tripgrid_internal.%I where cell = any ($2)) r', part.kept || '_' || rollup || '_' || size)
          else format('unnest($2, $3) i (cell, share) join tripgrid_internal.%I r on r.cell = i.cell collate "C"',
                      part.kept || '_' || rollup || '_' || size)
        end)
      using selection, chosen, weights, part.first, part.last;
    end loop;
  end loop;
end
$$;
comment on function tripgrid_internal.rollup_counts is 'How many trips the rollups hold for some cells, by week';

-- select week, sum(trips) from tripgrid_internal.rollup_counts('weekly_origins', array['u0j2q'], tripgrid_internal.selection_of(null, 'origin', null, 'Turin', null, null, null, null)) group by 1;
