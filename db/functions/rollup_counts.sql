-- How many trips the rollups hold for some cells, by week and by cell or summed over the cells.
--
-- In:     rollup, weekly_origins or weekly_destinations; cells, geohashes of 1 to 7 characters, none within another
--         opens and closes, local Mondays, the second not included; source and region, null: all
--         shares, one for each cell, by which its trips are weighted; null: 1
-- Out:    week, its Monday; trips; weighted, their sum by the cells' shares. A week may come in several rows, to be summed.
-- Errors: none of its own
--
-- Weeks that the rollups are behind with come as they were taken up last.
create or replace function tripgrid.rollup_counts(
  rollup text, cells text[], opens timestamp, closes timestamp, source text default null, region text default null,
  shares double precision[] default null)
returns table (week date, trips bigint, weighted double precision)
language plpgsql stable set search_path from current set jit = off as $$
declare
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
  chosen  text[];
  weights double precision[];
  part    record;
begin
  for size in 4 .. 7 loop
    -- Cells larger than the largest of the rollups are ranges of these.
    select array_agg(u.cell), array_agg(coalesce(u.share, 1)) into chosen, weights from unnest(cells, shares) u (cell, share)
      where length(u.cell) = size or (size = 4 and length(u.cell) < 4);
    continue when chosen is null;
    -- Each by itself: through the view of both the planner read all of a rollup instead of the cells that are asked for.
    for part in
      select p.kept, p.first, p.last from (values ('live', greatest(opens, retired), closes), ('retired', opens, least(closes, retired)))
        p (kept, first, last) where p.first < p.last
    loop
      return query execute format($q$
        select r.week::date, sum(r.trips)::bigint, %s
        from %s
        where r.week >= $2 and r.week < $3 and ($4 is null or r.source = $4) and ($5 is null or r.region = $5)
        group by r.week $q$,
        case when shares is null then 'sum(r.trips)::float8' else 'sum(r.trips * i.share)::float8' end,
        case
          when size = 4 then format(
            'unnest($1, $6) i (cell, share) join tripgrid.%I r on r.cell >= i.cell collate "C" and r.cell < i.cell || ''{'' collate "C"',
            part.kept || '_' || rollup || '_4')
          when shares is null then
            format('(select * from tripgrid.%I where cell = any ($1)) r', part.kept || '_' || rollup || '_' || size)
          else format('unnest($1, $6) i (cell, share) join tripgrid.%I r on r.cell = i.cell collate "C"',
                      part.kept || '_' || rollup || '_' || size)
        end)
      using chosen, part.first, part.last, source, region, weights;
    end loop;
  end loop;
end
$$;
comment on function tripgrid.rollup_counts is 'How many trips the rollups hold for some cells, by week';

-- select week, sum(trips) from tripgrid.rollup_counts('weekly_origins', array['u0j2q'], '-infinity', 'infinity') group by 1;
