import { ByteWriter, type ParquetWriter } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";

type Group = ParquetWriter["row_groups"][number];
type Metadata = Parameters<typeof writeMetadata>[1];

/** An empty group, by which the place of the list of groups is found. */
const EMPTY: Group = { columns: [], total_byte_size: 0n, num_rows: 0n };
/** The type of a structure in a list of Thrift's compact protocol, and the most elements that its first byte tells. */
const STRUCTURE = 0x0c;
const MOST_IN_A_BYTE = 14;
/** The length of the metadata, and `PAR1`. */
const END_BYTES = 4;

/**
 * The metadata of the groups of a Parquet file, which stand at its end. They are held as they are written, in about
 * 60 bytes for each column of a group: as objects they would take fifteen times as much.
 */
export class ParquetFooter {
  readonly #parquet: ParquetWriter;
  readonly #groups: Uint8Array[] = [];
  /** Bytes held. */
  bytes = 0;

  constructor(parquet: ParquetWriter) {
    this.#parquet = parquet;
  }

  /** Takes over the metadata of the groups that were written since. */
  take(): void {
    const { schema, row_groups } = this.#parquet;
    const metadata = { version: 2, schema, num_rows: 0n, metadata_length: 0 };
    const { head, tail } = around(metadata);
    for (const group of row_groups.splice(0)) {
      const one = encoded({ ...metadata, row_groups: [group] });
      const bytes = one.slice(head.length + 1, one.length - tail.length);
      this.#groups.push(bytes);
      this.bytes += bytes.length;
    }
    // These would be written for pages, which readers of a group do not need.
    this.#parquet.pendingIndexes.length = 0;
  }

  /** The end of the file. */
  *parts(): Generator<Uint8Array> {
    const { schema, num_rows, kvMetadata, createdBy } = this.#parquet;
    const common = { version: 2, schema, num_rows, created_by: createdBy, metadata_length: 0 };
    const { head, tail } = around(kvMetadata ? { ...common, key_value_metadata: kvMetadata } : common);
    const count = listOf(this.#groups.length);
    yield Buffer.concat([head, count]);
    yield* this.#groups;
    const end = Buffer.alloc(2 * END_BYTES, "....PAR1");
    end.writeUInt32LE(head.length + count.length + this.bytes + tail.length);
    yield Buffer.concat([tail, end]);
  }
}

/** Metadata before the list of groups and after it. */
function around(metadata: Omit<Metadata, "row_groups">): { head: Uint8Array; tail: Uint8Array } {
  const none = encoded({ ...metadata, row_groups: [] });
  const one = encoded({ ...metadata, row_groups: [EMPTY] });
  const at = none.findIndex((byte, i) => byte !== one[i]);
  return { head: none.slice(0, at), tail: none.slice(at + 1) };
}

function encoded(metadata: Metadata): Uint8Array {
  const writer = new ByteWriter();
  writeMetadata(writer, metadata, STATISTICS_BYTES);
  return writer.getBytes().slice(0, -END_BYTES);
}

/** Longer texts are cut off in the statistics. */
export const STATISTICS_BYTES = 64;

/** The bytes with which a list of this many structures begins. */
function listOf(count: number): Uint8Array {
  if (count === 0) return Uint8Array.of(0);
  const writer = new ByteWriter();
  writer.appendUint8((Math.min(count, MOST_IN_A_BYTE + 1) << 4) | STRUCTURE);
  if (count > MOST_IN_A_BYTE) writer.appendVarInt(count);
  return writer.getBytes();
}
