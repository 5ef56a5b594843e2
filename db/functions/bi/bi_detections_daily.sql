-- Vehicles seen, by day and one dimension at a time.
create or replace view bi.detections_daily as
select c.day, c.dimension, nullif(c.value, '') as value, sum(c.n)::bigint as detections
from (select day, dimension, value, n from tripgrid_internal.detection_counts
      union all
      select day, dimension, value, n from tripgrid_internal.detection_count_changes) c
group by c.day, c.dimension, c.value
having sum(c.n) <> 0;
comment on view bi.detections_daily is 'Vehicles seen, by day and one dimension at a time: filter by dimension, or each vehicle is counted six times. It has every vehicle that was stored before the query, also those that were dropped for their age since';
comment on column bi.detections_daily.day is 'The local day';
comment on column bi.detections_daily.dimension is 'make, model, category, year, camera or hour';
comment on column bi.detections_daily.value is 'The make, model and so on, as text; null: seen without a camera';
comment on column bi.detections_daily.detections is 'How many vehicles were seen';

-- select value as make, sum(detections) from bi.detections_daily where dimension = 'make' group by value order by 2 desc;
