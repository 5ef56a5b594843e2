-- In how many parts trips are gone through: the planner gives parts to several processes, which take 12 to 35 ms to start.
--
-- In:     trips, how many there are to read
-- Out:    4, or 1 if they are read sooner than a process starts
-- Errors: none
create or replace function tripgrid.parts_of(trips bigint) returns integer
language sql immutable set search_path from current as $$
  select case when $1 > 100000 then 4 else 1 end;
$$;
comment on function tripgrid.parts_of is 'In how many parts trips are gone through';

-- select tripgrid.parts_of(250000);
