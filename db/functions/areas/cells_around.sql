-- Returns the cells of one size that hold an area: the finest size with at most 16 cells, or else cells of one character.
--
-- In:     area, degrees, longitude first
-- Out:    geohashes
-- Errors: none of its own
--
-- A geohash of n characters has ceil(5n/2) bits of longitude and floor(5n/2) of latitude, so its cells form a regular grid. The
-- function takes the middle of each cell of this grid.
create or replace function tripgrid_internal.cells_around(area geometry) returns text[]
language plpgsql immutable strict parallel safe set search_path from current as $$
declare
  width  double precision;
  height double precision;
  west integer; south integer; east integer; north integer;
  size   integer := 7;
begin
  loop
    width := 360.0 / (1 << (5 * size + 1) / 2);
    height := 180.0 / (1 << 5 * size / 2);
    west := floor((st_xmin(area) - 1e-9 + 180) / width);
    east := floor((st_xmax(area) + 1e-9 + 180) / width);
    south := floor((st_ymin(area) - 1e-9 + 90) / height);
    north := floor((st_ymax(area) + 1e-9 + 90) / height);
    exit when (east - west + 1)::bigint * (north - south + 1) <= 16 or size = 1;
    size := size - 1;
  end loop;
  return (
    select array_agg(st_geohash(st_setsrid(st_makepoint(-180 + (x + 0.5) * width, -90 + (y + 0.5) * height), 4326),
                                size))
    from generate_series(greatest(west, 0), least(east, (360 / width)::int - 1)) x
    cross join generate_series(greatest(south, 0), least(north, (180 / height)::int - 1)) y);
end
$$;
comment on function tripgrid_internal.cells_around is 'At most 16 cells of one size, or 32 of one character, that hold an area';

-- select tripgrid_internal.cells_around(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326));
