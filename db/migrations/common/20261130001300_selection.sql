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
select tripgrid_internal.comment_on_columns('tripgrid.selection', $$
  area: Polygon or multipolygon, SRID 4326, as tripgrid.checked_area returns it; null: everywhere
  cells: Cells in which the trips are searched: those of the area, as tripgrid.area_cover returns them; null: not computed yet
  inside: For each cell, whether all of it lies in the area
  match: Which end of a trip must lie in the area: origin, destination, both or either
  source: Only trips of this source; null: all
  region: Only trips that carry this region; null: all
  window_start: The first local Monday; -infinity: no limit
  window_end: The local Monday after the last week; infinity: no limit
  hours: Hours of the day, 0 to 23; null: all
  days: Weekdays, 1 (Monday) to 7; null: all
$$);

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
select tripgrid_internal.comment_on_columns('tripgrid_internal.trip_groups', $$
  o: Origin cells
  d: Destination cells
  h: Hours of the day
  n: How many trips
  total: Sums of what the groups are ordered by: metres or seconds; null where they are ordered by trips
  count: How many trips are in these sums
$$);

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
