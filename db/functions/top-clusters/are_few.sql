-- True if counting every cluster of an area is faster than searching for the largest.
--
-- In:     trips, the number of trips in the area
-- Out:    true below 50,000: counting all and measuring some takes 2 µs a trip, a search for the largest takes 0.1 s and more
-- Errors: none
create or replace function tripgrid_internal.are_few(trips bigint) returns boolean
language sql immutable set search_path from current as $$
  select $1 < 50000;
$$;
comment on function tripgrid_internal.are_few is 'Whether an area''s trips are so few that all its clusters are sooner counted than the biggest ones found';

-- select tripgrid_internal.are_few(25000);
