-- Whether an area's trips are so few that all its clusters are sooner counted than the biggest ones found.
--
-- In:     trips, how many there are
-- Out:    true below 50,000: to count all and to measure some takes 2 µs a trip, to find the biggest 0.1 s and more
-- Errors: none
create or replace function tripgrid.are_few(trips bigint) returns boolean
language sql immutable set search_path from current as $$
  select $1 < 50000;
$$;
comment on function tripgrid.are_few is 'Whether an area''s trips are so few that all its clusters are sooner counted than the biggest ones found';

-- select tripgrid.are_few(25000);
