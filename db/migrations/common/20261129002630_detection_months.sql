-- migrate:up
-- The counts of detections by month. An answer adds up whole months of these, and days of the others only at its ends: a
-- thousand models over ten years are 120,000 rows instead of 3.6 million. A folding adds to both.
create table tripgrid_internal.detection_month_counts (
  dimension text collate "C" not null,
  value     text collate "C" not null,
  month     date not null,
  n         bigint not null,
  primary key (dimension, month, value) include (n)
);
comment on table tripgrid_internal.detection_month_counts is 'The sums of detection_counts by month';
comment on column tripgrid_internal.detection_month_counts.month is 'Its first day';

-- A question about some days reads these days only.
alter table tripgrid_internal.detection_counts
  drop constraint detection_counts_pkey,
  add constraint detection_counts_pkey primary key (dimension, day, value) include (n);

-- A folding of an older process would leave the months out. Its function comes again with those of this version.
drop function if exists tripgrid_internal.fold_detection_counts(integer);
insert into tripgrid_internal.detection_month_counts (dimension, value, month, n)
select dimension, value, date_trunc('month', day)::date, sum(n) from tripgrid_internal.detection_counts group by 1, 2, 3;

-- migrate:down
