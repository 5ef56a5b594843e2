-- Says for each view how current it is, and which minimum withholds its groups: one row a view.
create or replace view bi.freshness as
select v.view_name,
       case v.made_of when 'rollups' then coalesce(r.behind_since, statement_timestamp())
                      when 'totals' then case when v.view_name <> 'clusters' or s.min_trips <= t.min_trips then nullif(t.as_of, '-infinity') end
                      else statement_timestamp() end as as_of,
       case v.made_of when 'rollups' then r.weeks_behind when 'totals' then case when not t.is_behind and r.weeks_behind = 0 then 0 end else 0 end as weeks_behind,
       case v.made_of when 'rollups' then r.trips_behind when 'totals' then case when not t.is_behind and r.weeks_behind = 0 then 0 end else 0 end as trips_behind,
       case v.made_of when 'rollups' then h.window_start when 'totals' then t.window_start end as window_from,
       case v.made_of when 'rollups' then h.window_end when 'totals' then t.window_end end as window_to,
       case when v.made_of <> 'rows' and isfinite(s.retired_before) then s.retired_before end as retired_before,
       case when v.made_of <> 'rows' then s.min_trips end as min_trips
from (values ('weekly_regions', 'rollups'), ('weekly_cells', 'rollups'), ('hourly_profile', 'rollups'), ('clusters', 'totals'), ('top_routes', 'totals'),
             ('drivers', 'totals'), ('batches', 'rows'), ('rejects', 'rows'), ('detections_daily', 'rows'), ('trips', 'trips')) v (view_name, made_of)
cross join tripgrid.settings s
cross join tripgrid_internal.totals_state t
cross join (select count(distinct p.week)::integer as weeks_behind, coalesce(sum(p.inserted + p.removed), 0)::bigint as trips_behind, min(p.created_at) as behind_since
            from tripgrid_internal.pending_weeks p, tripgrid.settings q where p.week >= q.retired_before) r
cross join (select date_trunc('week', min(g.hour))::date as window_start, (date_trunc('week', max(g.hour)) + interval '7 days')::date as window_end
            from tripgrid_internal.hourly_regions g) h;
comment on view bi.freshness is 'As of when each view of this schema is: one row a view';
comment on column bi.freshness.view_name is 'The view, without its schema';
comment on column bi.freshness.as_of is 'Every trip committed before this instant is in the view; null: nothing is in it yet';
comment on column bi.freshness.weeks_behind is 'Weeks with trips that the view does not have yet; null: not known, some';
comment on column bi.freshness.trips_behind is 'At most so many trips of theirs came or went since; null: not known';
comment on column bi.freshness.window_from is 'Monday of the first week that has a trip; null for views without weeks';
comment on column bi.freshness.window_to is 'Monday after the last week that has a trip';
comment on column bi.freshness.retired_before is 'Of weeks before this one only the counts are kept; null if there are none';
comment on column bi.freshness.min_trips is 'Groups of fewer trips are withheld; 1: none are. Null: nothing is withheld of this view';

-- select view_name, as_of, trips_behind from bi.freshness;
