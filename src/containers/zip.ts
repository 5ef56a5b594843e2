import { Readable } from "node:stream";
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from "yauzl";
import { AppError } from "../errors.ts";
import { unsupported } from "./file-kind.ts";
import type { RandomAccess } from "./random-access.ts";

export interface ZipEntry {
  name: string;
  bytes: number;
  open: () => AsyncIterable<Buffer>;
}

export interface Zip {
  /** The files in it, in its order, without folders. */
  entries: ZipEntry[];
  has(name: string): boolean;
  entry(name: string): ZipEntry | undefined;
}

const MAX_ENTRIES = 10_000;
/**
 * Text packs to a twentieth, and to a hundredth where its rows hardly differ. What unpacks to more than this many times
 * its size, and to many bytes, was made to exhaust its reader.
 */
const MAX_RATIO = 250;
const SMALL_BYTES = 64 * 1024 * 1024;
const READ_BYTES = 64 * 1024;

/** Reads a ZIP where it lies. */
class Reader extends RandomAccessReader {
  readonly #source: RandomAccess;

  constructor(source: RandomAccess) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const source = this.#source;
    async function* pieces() {
      for (let at = start; at < end; at += READ_BYTES) yield await source.read(at, Math.min(READ_BYTES, end - at));
    }
    return Readable.from(pieces(), { objectMode: false });
  }
}

/**
 * Opens a ZIP, and reads the list of its files.
 *
 * @throws AppError unsupported_file if it is damaged, encrypted or a bomb
 */
export async function openZip(source: RandomAccess): Promise<Zip> {
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    fromRandomAccessReader(
      new Reader(source),
      source.size,
      { lazyEntries: true, autoClose: false, validateEntrySizes: true, strictFileNames: false },
      (error, opened) => (error ? reject(damaged(error)) : resolve(opened)),
    ),
  );
  if (zip.entryCount > MAX_ENTRIES) throw unsupported(`a ZIP of more than ${MAX_ENTRIES} files`, "Send them in parts.");
  const found = await entriesOf(zip);
  const entries = found.map((entry): ZipEntry => {
    const name = entry.fileName;
    return { name, bytes: entry.uncompressedSize, open: () => unpacked(zip, entry) };
  });
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return { entries, has: (name) => byName.has(name), entry: (name) => byName.get(name) };
}

function entriesOf(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on("entry", (entry: Entry) => {
      if (!entry.fileName.endsWith("/")) entries.push(entry);
      zip.readEntry();
    });
    zip.on("end", () => resolve(entries));
    zip.on("error", (error: Error) => reject(damaged(error)));
    zip.readEntry();
  });
}

/** @throws AppError unsupported_file, during reading too: what the list says of a file may be a lie */
async function* unpacked(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  const { fileName, uncompressedSize, compressedSize } = entry;
  if (entry.isEncrypted()) {
    throw unsupported("a ZIP with an encrypted file", `${fileName} needs a password: pack it without one.`);
  }
  if (uncompressedSize > SMALL_BYTES && uncompressedSize > compressedSize * MAX_RATIO) {
    const times = Math.round(uncompressedSize / Math.max(1, compressedSize));
    throw unsupported("a ZIP bomb", `${fileName} would unpack to ${times} times its size.`);
  }
  const stream = await new Promise<Readable>((resolve, reject) =>
    zip.openReadStream(entry, (error, opened) => (error ? reject(damaged(error)) : resolve(opened))),
  );
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw error instanceof AppError ? error : damaged(error);
  } finally {
    stream.destroy();
  }
}

const damaged = (cause: unknown): AppError =>
  new AppError(
    "unsupported_file",
    `The body is a ZIP that cannot be read: ${(cause as Error).message}. It may be damaged or cut off.`,
    {},
    { cause },
  );
