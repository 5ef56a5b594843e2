-- migrate:up
-- How often the rollups were brought up to date. Together with the rows of pending_weeks it tells whether any trip has changed: a
-- write adds rows there, and what takes rows away counts here, in one statement.
alter table tripgrid_internal.totals_state add column refreshes bigint not null default 0;
comment on column tripgrid_internal.totals_state.refreshes is 'How often the rollups were brought up to date';

-- migrate:down
