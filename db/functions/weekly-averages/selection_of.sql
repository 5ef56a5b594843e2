-- Makes a selection of the parameters of a question, and checks them. The cells are not computed yet.
--
-- In:     area, match, source, region, from_date, to_date, hours, days, as tripgrid.weekly_counts
-- Out:    the selection; its window is the whole weeks that hold from_date and to_date
-- Errors: TG001 for the area, TG002 for the other parameters
create or replace function tripgrid_internal.selection_of(
  area geometry, match text, source text, region text, from_date date, to_date date, hours integer[], days integer[])
returns tripgrid.selection language plpgsql immutable set search_path from current as $$
begin
  perform tripgrid_internal.check_filters(match, from_date, to_date, hours, days);
  return row(tripgrid.checked_area(area), null, null, match, source, region,
             coalesce(date_trunc('week', from_date::timestamp), '-infinity'),
             coalesce(date_trunc('week', to_date::timestamp) + interval '7 days', 'infinity'), hours, days)::tripgrid.selection;
end
$$;
comment on function tripgrid_internal.selection_of is 'The trips that a question is about, once its parameters are checked';

-- select * from tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, 'Turin', '2018-05-01', '2018-05-31', null, null);
