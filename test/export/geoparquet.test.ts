import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { describe, expect, it } from "vitest";
import { geoParquetOf } from "../../src/export/geoparquet.ts";
import type { Row, Table } from "../../src/export/table.ts";
import { itInFull } from "../harness/full.ts";

const MB = 1024 * 1024;

/** A table whose pages are made as they are read. */
function tableOf(pages: number, rowsAPage: number, attributes: string): Table {
  let read = 0;
  const page = () =>
    Array.from({ length: rowsAPage }, (_, i): Row => {
      const id = `t${read * rowsAPage + i}`;
      return { values: [id, `${attributes}${id}`], geometry: { type: "Point", coordinates: [7, 45] } };
    });
  return {
    ...{ name: "trips", geometry: "Point", holdsSession: false, headers: {} },
    columns: [
      { name: "trip_id", type: "string" },
      { name: "attributes", type: "json" },
    ],
    pages: {
      next: async () => {
        if (read === pages) return undefined;
        const rows = page();
        read++;
        return rows;
      },
      end: async () => {},
    },
  };
}

async function written(table: Table): Promise<{ file: ArrayBuffer; held: number[] }> {
  const parts: Uint8Array[] = [];
  const held: number[] = [];
  const say = async (bytes: number) => void held.push(bytes);
  for await (const part of geoParquetOf(table, say)) parts.push(Uint8Array.from(part));
  return { file: Uint8Array.from(Buffer.concat(parts)).buffer, held };
}

describe("GeoParquet", () => {
  it("holds no more rows than a group may take bytes, however large the rows are", async () => {
    const { file, held } = await written(tableOf(20, 50, "x".repeat(64 * 1024)));
    const { row_groups, num_rows } = parquetMetadata(file);
    expect(Number(num_rows)).toBe(1000);
    for (const { total_byte_size } of row_groups) expect(Number(total_byte_size)).toBeLessThan(8.2 * MB);
    // In two forms, and as much as the rows in fact have.
    expect(Math.max(...held)).toBeLessThan(16.5 * MB);
    expect(Math.max(...held)).toBeGreaterThan(2 * 7.9 * MB);
    const rows = await parquetReadObjects({ file, compressors, columns: ["trip_id", "attributes"] });
    expect(rows.map(({ trip_id }) => trip_id)).toEqual(Array.from({ length: 1000 }, (_, i) => `t${i}`));
    expect(rows.every(({ trip_id, attributes }) => attributes === `${"x".repeat(64 * 1024)}${trip_id}`)).toBe(true);
  });

  itInFull("holds less than 200 bytes for a column of a group that is written", async () => {
    const groups = 40;
    const { file, held } = await written(tableOf(groups, 100, "x".repeat(100 * 1024)));
    const { row_groups } = parquetMetadata(file);
    expect(row_groups.length).toBeGreaterThan(groups);
    const [first = 0] = held;
    // The groups before the last one are alike, so the rest of what is held is their metadata.
    expect(((held.at(-2) ?? 0) - first) / row_groups.length / 7).toBeLessThan(200);
    expect(row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)).toBe(groups * 100);
  });

  it.each([0, 1, 14, 15, 16])("of %d groups is read back", async (groups) => {
    const { file } = await written(tableOf(groups, 10_000, "{}"));
    const { row_groups, num_rows, key_value_metadata, created_by } = parquetMetadata(file);
    expect([row_groups.length, Number(num_rows), created_by]).toEqual([groups, groups * 10_000, "Tripgrid"]);
    expect(key_value_metadata?.map(({ key }) => key)).toEqual(["geo"]);
    const rows = await parquetReadObjects({ file, compressors, columns: ["trip_id"] });
    expect(rows.at(-1)?.trip_id).toBe(groups === 0 ? undefined : `t${groups * 10_000 - 1}`);
  });
});
