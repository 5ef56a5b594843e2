import { type RawBuilder, sql } from "kysely";
import { BUFFER, EXTENT, type Tile } from "./tile.ts";
import type { DrawnTile } from "./tiles.ts";

export const MVT_GRID = { extent: sql.lit(EXTENT), buffer: sql.lit(BUFFER) } as const;

/** The square of a tile in EPSG:3857. */
export const envelopeSql = ({ z, x, y }: Tile): RawBuilder<unknown> =>
  sql`st_tileenvelope(${sql.lit(z)}, ${sql.lit(x)}, ${sql.lit(y)})`;

/** The tile of a statement with one row. */
export const drawn = (rows: readonly { tile: Buffer | null; is_truncated?: boolean | null }[]): DrawnTile => ({
  bytes: Buffer.from(rows[0]?.tile ?? []),
  isTruncated: rows[0]?.is_truncated ?? false,
});
