-- Raises an error that names the parameter if a filter makes no sense. Returns nothing.
--
-- In:     as tripgrid.weekly_counts
-- Errors: TG002
create or replace function tripgrid_internal.check_filters(match text, from_date date, to_date date, hours integer[], days integer[])
returns void language plpgsql immutable parallel safe set search_path from current as $$
begin
  if match is null or match not in ('origin', 'destination', 'both', 'either') then
    raise exception 'match: expected origin, destination, both or either, but got %.', match using errcode = 'TG002';
  elsif from_date > to_date then
    raise exception 'from: % is after to, %.', from_date, to_date using errcode = 'TG002';
  elsif not (isfinite(from_date) and from_date between '1900-01-01' and '2199-12-31') then
    raise exception 'from: expected a date from 1900-01-01 to 2199-12-31, but got %.', from_date using errcode = 'TG002';
  elsif not (isfinite(to_date) and to_date between '1900-01-01' and '2199-12-31') then
    raise exception 'to: expected a date from 1900-01-01 to 2199-12-31, but got %.', to_date using errcode = 'TG002';
  elsif exists (select from unnest(hours) hour where hour is null or hour not between 0 and 23) then
    raise exception 'hours: expected hours of the day, 0 to 23.' using errcode = 'TG002';
  elsif exists (select from unnest(days) day where day is null or day not between 1 and 7) then
    raise exception 'days: expected weekdays, 1 (Monday) to 7.' using errcode = 'TG002';
  end if;
end
$$;
comment on function tripgrid_internal.check_filters is 'Refuses filters that make no sense, with an error that names the parameter';

-- select tripgrid_internal.check_filters('origin', '2018-05-01', '2018-05-31', array[7, 8], array[1, 2, 3, 4, 5]);
