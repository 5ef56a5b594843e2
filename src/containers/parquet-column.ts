import type { ColumnMetaData, DataReader, DecodedArray, PageHeader } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";
import { type ColumnDecoder, checkPage } from "./parquet-pages.ts";
import type { RandomAccess } from "./random-access.ts";

/** A header of a page is read with so many bytes. Statistics in it may be long. */
const HEADER_BYTES = 4096;
const MAX_HEADER_BYTES = 1024 * 1024;

/** The bytes that dictionaries of a row group may still take, over all columns. Usual ones have a megabyte each. */
export interface DictionaryRoom {
  bytes: number;
  values: number;
}

export const dictionaryRoom = (): DictionaryRoom => ({ bytes: 128 * 1024 * 1024, values: 4 * 1024 * 1024 });

interface Page {
  header: PageHeader;
  /** Where its bytes begin. */
  start: number;
  length: number;
}

/**
 * The values of a column of a row group, in order, without nesting. A page is read whole and only a part of its values
 * is held, so a page of some million values is read several times.
 */
export class ParquetColumn {
  readonly #source: RandomAccess;
  readonly #decoder: ColumnDecoder;
  /** How many values are held at most. */
  readonly #held: number;
  readonly #room: DictionaryRoom;
  #at: number;
  readonly #end: number;
  #dictionary: DecodedArray | undefined;
  #page: Page | undefined;
  /** How many values of the page were taken, and how many it has. */
  #taken = 0;
  #count = 0;
  /** Some values of the page, and the place of the first of them. */
  #values: ArrayLike<unknown> = [];
  #first = 0;

  constructor(
    source: RandomAccess,
    column: ColumnMetaData,
    decoder: ColumnDecoder,
    held: number,
    room: DictionaryRoom,
  ) {
    this.#source = source;
    this.#decoder = decoder;
    this.#held = held;
    this.#room = room;
    this.#at = startOf(column);
    this.#end = this.#at + Number(column.total_compressed_size);
  }

  /** @throws Error if the column holds fewer values */
  async take(count: number): Promise<unknown[]> {
    const taken: unknown[] = [];
    while (taken.length < count) {
      if (this.#taken >= this.#count) await this.#nextPage();
      if (this.#taken >= this.#first + this.#values.length) await this.#readValues();
      const from = this.#taken - this.#first;
      const to = Math.min(this.#values.length, from + count - taken.length);
      for (let i = from; i < to; i++) taken.push(this.#values[i]);
      this.#taken += to - from;
    }
    return taken;
  }

  async #nextPage(): Promise<void> {
    this.#values = [];
    [this.#first, this.#taken, this.#count] = [0, 0, 0];
    while (this.#count === 0) {
      const page = await this.#readHeader();
      if (page.header.type === "DICTIONARY_PAGE") {
        this.#room.bytes -= Number(page.header.uncompressed_page_size);
        this.#room.values -= page.header.dictionary_page_header?.num_values ?? 0;
        if (this.#room.bytes < 0 || this.#room.values < 0) throw new Error("its dictionaries are too large");
        this.#dictionary = convert((await this.#decoded(page)).data as DecodedArray, this.#decoder);
        continue;
      }
      const { data_page_header: v1, data_page_header_v2: v2 } = page.header;
      this.#count = v1?.num_values ?? v2?.num_values ?? 0;
      this.#page = page;
    }
  }

  async #readHeader(): Promise<Page> {
    const page = await headerAt(this.#source, this.#at, this.#end);
    this.#at = page.start + page.length;
    return page;
  }

  async #readValues(): Promise<void> {
    const { data } = await this.#decoded(this.#page as Page);
    if (data?.length !== this.#count) throw new Error("a page has another number of values than it says");
    this.#first = this.#taken;
    this.#values =
      data.length <= this.#held ? data.slice(this.#first) : data.slice(this.#first, this.#first + this.#held);
  }

  async #decoded({ header, start, length }: Page) {
    const bytes = await this.#source.read(start, length);
    if (this.#taken === 0) checkPage(header, bytes, this.#decoder);
    return readPage({ view: viewOf(bytes), offset: 0 }, header, this.#decoder, this.#dictionary, undefined, 0);
  }
}

async function headerAt(source: RandomAccess, at: number, end: number): Promise<Page> {
  if (at >= end) throw new Error("a column holds fewer values than it says");
  for (let size = HEADER_BYTES; ; size *= 16) {
    const bytes = await source.read(at, Math.min(size, end - at));
    const reader: DataReader = { view: viewOf(bytes), offset: 0 };
    let header: PageHeader;
    try {
      header = parquetHeader(reader);
    } catch (error) {
      if (size < MAX_HEADER_BYTES && bytes.length === size) continue;
      throw error;
    }
    const [start, length] = [at + reader.offset, Number(header.compressed_page_size)];
    if (!(length >= 0 && start + length <= end)) throw new Error("a page lies outside of its column");
    return { header, start, length };
  }
}

/** Some files say that their dictionary begins at 0, which means that they have none. */
export const startOf = ({ dictionary_page_offset, data_page_offset }: ColumnMetaData): number =>
  Number(dictionary_page_offset || data_page_offset);

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Checks all pages of a column that is read in another way. */
export async function checkPages(source: RandomAccess, column: ColumnMetaData, decoder: ColumnDecoder): Promise<void> {
  let at = startOf(column);
  const end = at + Number(column.total_compressed_size);
  while (at < end) {
    const { header, start, length } = await headerAt(source, at, end);
    checkPage(header, await source.read(start, length), decoder);
    at = start + length;
  }
}
