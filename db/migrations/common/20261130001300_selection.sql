-- migrate:up
-- Which trips a question is about: one argument that SQL functions pass on, instead of ten. tripgrid_internal.selection_of makes it
-- from the parameters of a question. SQL text that functions build reads it as $1, whichever function runs the text.
create type tripgrid.selection as (
  area         geometry,
  cells        text[],
  inside       boolean[],
  match        text,
  source       text,
  region       text,
  window_start timestamp,
  window_end   timestamp,
  hours        integer[],
  days         integer[]
);
comment on type tripgrid.selection is 'Which trips a question is about';
comment on column tripgrid.selection.area is 'Polygon or multipolygon, SRID 4326, as tripgrid.checked_area returns it; null: everywhere';
comment on column tripgrid.selection.cells is 'Cells in which the trips are searched: those of the area, as tripgrid.area_cover returns them; null: not computed yet';
comment on column tripgrid.selection.inside is 'For each cell, whether all of it lies in the area';
comment on column tripgrid.selection.match is 'Which end of a trip must lie in the area: origin, destination, both or either';
comment on column tripgrid.selection.source is 'Only trips of this source; null: all';
comment on column tripgrid.selection.region is 'Only trips that carry this region; null: all';
comment on column tripgrid.selection.window_start is 'The first local Monday; -infinity: no limit';
comment on column tripgrid.selection.window_end is 'The local Monday after the last week; infinity: no limit';
comment on column tripgrid.selection.hours is 'Hours of the day, 0 to 23; null: all';
comment on column tripgrid.selection.days is 'Weekdays, 1 (Monday) to 7; null: all';

-- Groups of trips with the same origin cell, destination cell and hour: six arrays of one length, since arrays of rows take several times
-- the memory.
create type tripgrid_internal.trip_groups as (
  o     text[],
  d     text[],
  h     integer[],
  n     bigint[],
  total double precision[],
  count bigint[]
);
comment on type tripgrid_internal.trip_groups is 'Groups of trips with the same origin cell, destination cell and hour; a group may stand there several times';
comment on column tripgrid_internal.trip_groups.o is 'Origin cells';
comment on column tripgrid_internal.trip_groups.d is 'Destination cells';
comment on column tripgrid_internal.trip_groups.h is 'Hours of the day';
comment on column tripgrid_internal.trip_groups.n is 'How many trips';
comment on column tripgrid_internal.trip_groups.total is 'Sums of what the groups are ordered by: metres or seconds; null where they are ordered by trips';
comment on column tripgrid_internal.trip_groups.count is 'How many trips are in these sums';

-- Which neighbouring cells are joined: two arrays of one length.
create type tripgrid_internal.cell_spots as (
  cell text[],
  spot text[]
);
comment on type tripgrid_internal.cell_spots is 'For each cell its hot spot, as tripgrid_internal.hot_spots names it';

-- What a question about clusters says beside the selection.
create type tripgrid_internal.cluster_options as (
  size         integer,
  cluster_by   text,
  min_trips    integer,
  order_by     text,
  max_clusters integer,
  only_id      text
);
comment on type tripgrid_internal.cluster_options is 'What a question about clusters says beside its selection, as tripgrid.cluster_answer takes it';
comment on column tripgrid_internal.cluster_options.size is 'How many characters the cells have, 4 to 7';

-- migrate:down
