-- migrate:up
-- What a key may take, where it differs from the settings of the service.
alter table tripgrid.api_keys
  add column max_requests_per_s double precision check (max_requests_per_s between 0 and 1e6),
  add column max_rows_per_s double precision check (max_rows_per_s between 0 and 1e9),
  add column max_mb_per_s double precision check (max_mb_per_s between 0 and 1e5),
  add column max_questions integer check (max_questions between 1 and 1000);
comment on column tripgrid.api_keys.max_requests_per_s is 'Requests a second that the key may send to a process; 0: any number; null: as TRIPGRID_MAX_REQUESTS_PER_S says';
comment on column tripgrid.api_keys.max_rows_per_s is 'Rows a second, sent and read; 0: any number; null: as TRIPGRID_MAX_ROWS_PER_S says';
comment on column tripgrid.api_keys.max_mb_per_s is 'Megabytes a second, sent and read; 0: any number; null: as TRIPGRID_MAX_MB_PER_S says';
comment on column tripgrid.api_keys.max_questions is 'Questions of the key that a process works on at one time; null: its share of the connections';

-- migrate:down
