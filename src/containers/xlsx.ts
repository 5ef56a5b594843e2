import { SaxesParser } from "saxes";
import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { csvLine } from "./csv-text.ts";
import { unsupported } from "./file-kind.ts";
import type { Member } from "./member.ts";
import { type About, columnOf, MAX_COLUMNS, textOf, unreadable } from "./xlsx-cells.ts";
import { isDateFormat } from "./xlsx-dates.ts";
import type { Zip, ZipEntry } from "./zip.ts";

/** Texts that cells share are held in memory, as are the parts of a workbook that describe it. */
const MAX_SHARED_BYTES = 64 * 1024 * 1024;
const MAX_PART_BYTES = 8 * 1024 * 1024;
/** Excel has 32,767 characters in a cell. */
const MAX_CELL = 40_000;
/** A row of a file may have as many characters; cells can share a long text, so a few bytes could stand for more. */
const MAX_ROW = 4 * 1024 * 1024;
/**
 * A sheet may stand for so many times the characters of its XML: a cell that shares a text has about 30, and a text that
 * many cells share has hardly ever more than 200. Below 64 MB nothing is counted.
 */
const MAX_TEXT_RATIO = 10;
const SMALL_TEXT = 64 * 1024 * 1024;
/** Cells far to the right have empty ones before them: so many in a sheet, or so many for a byte of its XML. */
const MAX_GAPS = 4_000_000;
const MAX_GAPS_A_BYTE = 10;
/** Empty rows between two with cells are left out, so a row number far away costs nothing. */
const PIECE_CHARACTERS = 64 * 1024;
/** XML is parsed in small pieces, because a piece can hold many cells with a long text that they share. */
const XML_BYTES = 4096;

/**
 * A sheet of a workbook as CSV. Dates and times become ISO 8601 without an offset; numbers keep all their digits.
 *
 * @param wanted the name of the sheet; undefined: the first
 * @throws AppError unsupported_file if the workbook cannot be read; invalid_parameter if it has no such sheet
 */
export async function sheetOf(zip: Zip, wanted: string | undefined): Promise<Member> {
  const { sheets, is1904 } = await readWorkbook(zip);
  const sheet = wanted === undefined ? sheets[0] : sheets.find(({ name }) => name === wanted);
  if (!sheet && wanted !== undefined) {
    const detail = `expected one of ${sheets.map(({ name }) => name).join(", ")}, but got ${shown(wanted)}`;
    throw new AppError("invalid_parameter", `sheet: ${detail}`, { errors: [{ field: "sheet", detail }] });
  }
  const entry = sheet && zip.entry(sheet.path);
  if (!entry) throw unsupported("a workbook without a sheet", "Save it again, or as CSV.");
  async function* text(): AsyncGenerator<Buffer> {
    const [shared, dateStyles] = [await readShared(zip), await readDateStyles(zip)];
    yield* sheetText(entry as ZipEntry, { shared, dateStyles, is1904 });
  }
  return { name: "", contentType: "text/csv", open: text };
}

interface Workbook {
  sheets: { name: string; path: string }[];
  is1904: boolean;
}

async function readWorkbook(zip: Zip): Promise<Workbook> {
  const targets = new Map<string, string>();
  await readPart(zip, "xl/_rels/workbook.xml.rels", {
    open: (name, { Id = "", Target = "" }) => {
      if (name === "Relationship") targets.set(Id, Target.startsWith("/") ? Target.slice(1) : `xl/${Target}`);
    },
  });
  const workbook: Workbook = { sheets: [], is1904: false };
  await readPart(zip, "xl/workbook.xml", {
    open: (name, attributes) => {
      if (name === "workbookPr") workbook.is1904 = /^(1|true)$/.test(attributes.date1904 ?? "");
      const path = name === "sheet" ? targets.get(attributes["r:id"] ?? "") : undefined;
      if (path !== undefined) workbook.sheets.push({ name: attributes.name ?? "", path });
    },
  });
  return workbook;
}

async function readShared(zip: Zip): Promise<string[]> {
  const texts: string[] = [];
  let text = "";
  let isIn = false;
  let isPhonetic = false;
  await readPart(
    zip,
    "xl/sharedStrings.xml",
    {
      open: (name) => {
        if (name === "si") text = "";
        isIn = name === "t";
        isPhonetic ||= name === "rPh";
      },
      text: (part) => {
        if (isIn && !isPhonetic) text += part.slice(0, MAX_CELL - text.length);
      },
      close: (name) => {
        if (name === "si") texts.push(text);
        if (name === "rPh") isPhonetic = false;
        isIn = false;
      },
    },
    MAX_SHARED_BYTES,
  );
  return texts;
}

/** By the number of a style: whether its numbers are dates or times. */
async function readDateStyles(zip: Zip): Promise<boolean[]> {
  const formats = new Map<string, string>();
  const styles: boolean[] = [];
  let isInCells = false;
  await readPart(zip, "xl/styles.xml", {
    open: (name, { numFmtId = "", formatCode = "" }) => {
      if (name === "numFmt") formats.set(numFmtId, formatCode);
      if (name === "cellXfs") isInCells = true;
      if (name === "xf" && isInCells) styles.push(isDateFormat(Number(numFmtId), formats.get(numFmtId)));
    },
    close: (name) => {
      if (name === "cellXfs") isInCells = false;
    },
  });
  return styles;
}

async function* sheetText(entry: ZipEntry, about: About): AsyncGenerator<Buffer> {
  let lines = "";
  let cells: string[] = [];
  let width = 0;
  let length = 0;
  let written = 0;
  let gaps = 0;
  let cell = { column: 0, type: "", style: 0, value: "" };
  let isIn = false;
  const events: Events = {
    open: (name, attributes) => {
      if (name === "row") [cells, length] = [[], 0];
      if (name === "c") {
        const column = attributes.r === undefined ? cells.length : columnOf(attributes.r);
        if (column >= MAX_COLUMNS) throw unsupported("a workbook with too many columns", "Save it as CSV.");
        cell = { column, type: attributes.t ?? "n", style: Number(attributes.s ?? -1), value: "" };
      }
      isIn = name === "v" || name === "t";
    },
    text: (part) => {
      if (isIn) cell.value += part.slice(0, MAX_CELL - cell.value.length);
    },
    close: (name) => {
      isIn = false;
      if (name === "c") {
        gaps += Math.max(0, cell.column - cells.length);
        if (gaps > MAX_GAPS && gaps > entry.bytes * MAX_GAPS_A_BYTE)
          throw unsupported("a workbook whose cells lie too far apart", "Save it as CSV.");
        while (cells.length < cell.column) cells.push("");
        const text = textOf(cell, about);
        length += text.length;
        if (length > MAX_ROW) throw unsupported("a workbook with a row that is too long", "Save it as CSV.");
        cells[cell.column] = text;
      }
      if (name !== "row" || cells.every((text) => text === "")) return;
      // A row ends with its last cell that holds something. The widest so far names all columns, or a title is before it.
      width = Math.max(width, cells.length);
      while (cells.length < width) cells.push("");
      const line = csvLine(cells);
      written += line.length;
      if (written > SMALL_TEXT && written > entry.bytes * MAX_TEXT_RATIO)
        throw unsupported("a workbook whose cells share long texts too often", "Save it as CSV.");
      lines += line;
    },
  };
  for await (const _ of parsedXml(entry.open(), events)) {
    if (lines.length < PIECE_CHARACTERS) continue;
    yield Buffer.from(lines);
    lines = "";
  }
  if (lines !== "") yield Buffer.from(lines);
}

interface Events {
  open?: (name: string, attributes: Record<string, string | undefined>) => void;
  text?: (text: string) => void;
  close?: (name: string) => void;
}

/** Reads a small part of a workbook. A part that is not there has nothing to say. */
async function readPart(zip: Zip, name: string, events: Events, maxBytes = MAX_PART_BYTES): Promise<void> {
  const entry = zip.entry(name);
  if (!entry) return;
  if (entry.bytes > maxBytes) throw unsupported(`a workbook whose ${name} is too large`, "Save it as CSV.");
  for await (const _ of parsedXml(entry.open(), events));
}

/** Parses XML as it comes, and gives way to the caller after each piece. */
async function* parsedXml(bytes: AsyncIterable<Buffer>, { open, text, close }: Events): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false });
  let failure: unknown;
  parser.on("error", (error) => {
    failure ??= error;
  });
  // Entities that a document declares itself are what XML bombs are made of. No workbook has them.
  parser.on("doctype", () => {
    failure ??= new Error("it declares a document type");
  });
  const local = (name: string) => name.slice(name.indexOf(":") + 1);
  if (open) parser.on("opentag", (tag) => open(local(tag.name), tag.attributes as Record<string, string>));
  if (text) parser.on("text", text);
  if (text) parser.on("cdata", text);
  if (close) parser.on("closetag", (tag) => close(local(tag.name)));
  const decoder = new TextDecoder("utf-8");
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += XML_BYTES) {
      parser.write(decoder.decode(chunk.subarray(at, at + XML_BYTES), { stream: true }));
      if (failure) throw unreadable(failure);
      yield;
    }
  }
  parser.close();
  if (failure) throw unreadable(failure);
  yield;
}
