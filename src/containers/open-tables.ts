import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { membersOf } from "./container.ts";
import { kindOf } from "./file-kind.ts";
import type { Member } from "./member.ts";
import { openFile } from "./random-access.ts";

const HEAD_BYTES = 64 * 1024;

/** The tables of a file, each of which can be read several times. The caller closes the file. */
export interface OpenTables {
  tables: Member[];
  close(): Promise<void>;
}

/**
 * Opens the tables of a file: its text, also gzipped, or those of a container.
 *
 * @throws AppError unsupported_file
 */
export async function openTables(path: string, sheet?: string): Promise<OpenTables> {
  const source = await openFile(path);
  try {
    const kind = kindOf(await source.read(0, HEAD_BYTES));
    if (kind === "zip" || kind === "parquet") {
      return { tables: await membersOf(source, kind, { sheet }), close: source.close };
    }
    const open = () => {
      const bytes = createReadStream(path);
      return kind === "gzip" ? unpacked(bytes) : (bytes as AsyncIterable<Buffer>);
    };
    return { tables: [{ name: "", contentType: undefined, open }], close: source.close };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Only the beginning of a gzip may be read, so a file that is cut off after that is no error. */
function unpacked(bytes: Readable): AsyncIterable<Buffer> {
  return pipeline(bytes, createGunzip(), () => {}) as unknown as AsyncIterable<Buffer>;
}
