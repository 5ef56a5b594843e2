-- Returns the number of parts in which trips are read. The planner gives the parts to several processes, which take 12 to 35 ms
-- to start.
--
-- In:     trips, the number of trips to read
-- Out:    4, or 1 if reading them takes less time than starting a process
-- Errors: none
create or replace function tripgrid_internal.parts_of(trips bigint) returns integer
language sql immutable set search_path from current as $$
  select case when $1 > 100000 then 4 else 1 end;
$$;
comment on function tripgrid_internal.parts_of is 'In how many parts trips are gone through';

-- select tripgrid_internal.parts_of(250000);
