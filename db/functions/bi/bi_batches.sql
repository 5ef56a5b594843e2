-- Ingest batches: one row for each request or file.
create or replace view bi.batches as
select b.batch_id as id, b.state, b.mapping, b.received, b.inserted, b.duplicates, b.rejected, b.created_at, b.committed_at,
       (b.created_at at time zone 'UTC')::date as day
from tripgrid.batches b;
comment on view bi.batches is 'Ingest batches: one row for each request or file. Nothing of it is withheld';
comment on column bi.batches.id is 'The batch''s id, as its receipt gives it';
comment on column bi.batches.state is 'queued, running, committed or failed';
comment on column bi.batches.mapping is 'How its rows were read';
comment on column bi.batches.received is 'Rows that were sent';
comment on column bi.batches.inserted is 'Rows that became trips';
comment on column bi.batches.duplicates is 'Rows whose trip was there already';
comment on column bi.batches.rejected is 'Rows that are no trips';
comment on column bi.batches.created_at is 'When it was received';
comment on column bi.batches.committed_at is 'When its trips were stored; null until then';
comment on column bi.batches.day is 'The day it was received, UTC';

-- select day, sum(inserted), sum(rejected) from bi.batches group by day order by day;
