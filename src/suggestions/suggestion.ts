import type { MappingDefinition } from "../mappings/mapping-definition.ts";
import type { TextFormat } from "../text/text-format.ts";

/** What a dry run of a suggested mapping over all rows of its file found. */
export interface Trial {
  rows: number;
  trips: number;
  rejected: number;
  /** Rows that equal an earlier one in every field: they are one trip unless `identity` is `row`. */
  equal: number;
  /** The first rejected rows, each with its first fault. */
  rejects: { row: number; field: string; detail: string }[];
}

export interface SuggestedMapping {
  mapping: MappingDefinition;
  /** What a person with knowledge of the file should check. */
  notes: string[];
  /** The built-in mapping from which the suggestion was made. */
  built_in?: string;
  /** How the text is written, where it is not UTF-8 with commas. */
  format?: TextFormat;
  /** Undefined: the mapping cannot make trips, as the notes say. */
  trial?: Trial;
}

export interface SuggestOptions {
  contentType?: string | undefined;
  /** The source of the trips, if no column gives it. */
  source?: string | undefined;
  /** The source if none is given and the format does not say it. */
  otherwise?: string | undefined;
  charset?: string | undefined;
  /** The lookup that has the places of stations or zones. */
  lookup?: string | undefined;
}

/** Proposes a mapping for a text that can be read several times from its start. */
export type Suggest = (open: () => AsyncIterable<Buffer>, options: SuggestOptions) => Promise<SuggestedMapping>;
