import { type Charset, UTF8 } from "./charset.ts";
import type { CsvShape, Delimiter } from "./csv-shape.ts";

/** How a text of rows is written, as it was declared or found. What is left out is as usual. */
export interface TextFormat {
  /** Undefined: UTF-8. */
  charset?: Charset | undefined;
  /** Of a CSV. Undefined: a comma. */
  delimiter?: Delimiter | undefined;
  /** Undefined: numbers are not known to have decimal commas. */
  decimal?: "," | undefined;
  /** Of a CSV. Undefined: quoted cells have double quotes. */
  quote?: "'" | undefined;
  /** Of a CSV. Undefined: blanks around a cell are part of it. */
  padded?: true | undefined;
  /** The number of lines before the header of a CSV: titles and comments. Undefined: none. */
  titles?: number | undefined;
  /** The path of the array of rows in a JSON document. Undefined: the document is the array, or the only row. */
  rows?: string | undefined;
}

/** The settings that are needed to read a text. */
export interface Reading {
  /** Undefined: UTF-8. */
  charset?: Charset | undefined;
  /** The path of the array of rows in JSON. Undefined: it is looked for. */
  rows?: string | undefined;
  /** False: a CSV has no header, and its columns are named by their positions. */
  hasHeader?: boolean | undefined;
}

/** The format of a text. Members with the usual values are left out. */
export function formatOf(charset: Charset | undefined, shape: CsvShape | undefined, rows?: string): TextFormat {
  return {
    ...(charset === undefined || charset === UTF8 ? {} : { charset }),
    ...(shape === undefined || shape.delimiter === "," ? {} : { delimiter: shape.delimiter }),
    ...(shape?.decimal === undefined ? {} : { decimal: shape.decimal }),
    ...(shape?.quote === undefined ? {} : { quote: shape.quote }),
    ...(shape?.padded === undefined ? {} : { padded: shape.padded }),
    ...(shape?.titles === undefined ? {} : { titles: shape.titles }),
    ...(rows === undefined ? {} : { rows }),
  };
}

/** Whether rows are counted in a text that is made from the payload, so that it is always read from its start. */
export const isConverted = ({ charset = UTF8, rows }: TextFormat): boolean => charset !== UTF8 || rows !== undefined;
