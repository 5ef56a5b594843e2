-- migrate:up
-- The rollups' own names become views, over what is kept up to date and what is not touched any more: see the next migration.
alter table tripgrid.weekly_origins_7 rename to live_weekly_origins_7;
alter table tripgrid.weekly_origins_6 rename to live_weekly_origins_6;
alter table tripgrid.weekly_origins_5 rename to live_weekly_origins_5;
alter table tripgrid.weekly_origins_4 rename to live_weekly_origins_4;
alter table tripgrid.weekly_destinations_7 rename to live_weekly_destinations_7;
alter table tripgrid.weekly_destinations_6 rename to live_weekly_destinations_6;
alter table tripgrid.weekly_destinations_5 rename to live_weekly_destinations_5;
alter table tripgrid.weekly_destinations_4 rename to live_weekly_destinations_4;
alter table tripgrid.hourly_regions rename to live_hourly_regions;

-- migrate:down
alter table tripgrid.live_weekly_origins_7 rename to weekly_origins_7;
alter table tripgrid.live_weekly_origins_6 rename to weekly_origins_6;
alter table tripgrid.live_weekly_origins_5 rename to weekly_origins_5;
alter table tripgrid.live_weekly_origins_4 rename to weekly_origins_4;
alter table tripgrid.live_weekly_destinations_7 rename to weekly_destinations_7;
alter table tripgrid.live_weekly_destinations_6 rename to weekly_destinations_6;
alter table tripgrid.live_weekly_destinations_5 rename to weekly_destinations_5;
alter table tripgrid.live_weekly_destinations_4 rename to weekly_destinations_4;
alter table tripgrid.live_hourly_regions rename to hourly_regions;
