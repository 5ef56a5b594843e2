-- Rejected rows, counted by fault. A row with several faults counts for each.
create or replace view bi.rejects as
select (b.created_at at time zone 'UTC')::date as day, r.source, p.problem ->> 'field' as field, p.problem ->> 'code' as code,
       count(*) as rows
from tripgrid.rejected_rows r
join tripgrid.batches b using (batch_id)
cross join lateral jsonb_array_elements(r.problems) p (problem)
group by 1, 2, 3, 4;
comment on view bi.rejects is 'Rejected rows by day, source, field and fault, as long as nobody has mended them; a row with several faults counts for each. Nothing of it is withheld';
comment on column bi.rejects.day is 'The day the row was received, UTC';
comment on column bi.rejects.source is 'Who sent it, as far as the row says';
comment on column bi.rejects.field is 'The field that is wrong';
comment on column bi.rejects.code is 'What is wrong with it';
comment on column bi.rejects.rows is 'How many rows have this fault';

-- select field, code, sum(rows) from bi.rejects group by 1, 2 order by 3 desc;
