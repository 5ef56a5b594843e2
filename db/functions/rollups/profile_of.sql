-- Returns the profile of a cell as tripgrid_internal.cell_profiles holds it.
--
-- In:     hours, hours of the week, 0 to 167, each once; trips, how many fall into each of them
-- Out:    199 counts: of the 168 hours of the week, of the 24 hours of a day, of the seven days
-- Errors: none of its own
create or replace function tripgrid_internal.profile_of(hours integer[], trips integer[]) returns integer[]
language plpgsql immutable parallel safe set search_path from current as $$
declare
  counts integer[] := array_fill(0, array[199]);
begin
  for i in 1 .. cardinality(hours) loop
    counts[hours[i] + 1] := trips[i];
    counts[169 + hours[i] % 24] := counts[169 + hours[i] % 24] + trips[i];
    counts[193 + hours[i] / 24] := counts[193 + hours[i] / 24] + trips[i];
  end loop;
  return counts;
end
$$;
comment on function tripgrid_internal.profile_of is 'The counts of a cell by hour of the week, hour of the day and day';

-- select tripgrid_internal.profile_of(array[7, 31], array[2, 1]);
