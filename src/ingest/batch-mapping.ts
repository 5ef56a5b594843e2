import type { Problem } from "../batches/receipt.ts";
import type { Work } from "../batches/work.ts";
import { AppError } from "../errors.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import type { Form, Mapping } from "../mappings/mapping.ts";
import { definitionOf, mappingFrom } from "../mappings/mapping-definition.ts";
import { isBuiltInName, mappingFor, readingBy } from "../mappings/mapping-for.ts";
import type { ClassifyOptions } from "../parsing/classify-rows.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import type { RowStream } from "../parsing/stream-rows.ts";
import type { Reading, TextFormat } from "../text/text-format.ts";
import type { TimeRange } from "../time/time.ts";
import type { Identity } from "../trips/identity.ts";

/** The calls that find the mapping of a batch and keep it. */
export interface MappingDeps {
  customMappings: () => Promise<readonly Mapping[]>;
  lookupsFor: LookupsFor;
  keepMapping: (
    batchId: string,
    mapping: { name: string; definition: unknown; form: Form; format: TextFormat; identity: Identity },
    columns: string[] | undefined,
  ) => Promise<void>;
  startRange: () => TimeRange;
  limits: RowLimits;
}

/** If none of its first rows is a trip, a payload is not read further: its mapping or its form is wrong. */
export const HOPELESS_ROWS = 5000;

/** @param first the first fault of a row */
export function hopeless(rows: number, first: Problem | undefined): AppError {
  const why = first ? ` The last of them, at ${first.field}: ${first.detail}.` : "";
  const remedy = "Check the mapping: tripgrid mapping suggest FILE proposes one.";
  return new AppError(
    "no_valid_rows",
    `None of the first ${rows} rows is a trip; the rest was not read.${why} ${remedy}`,
  );
}

/** What is known of the text: from the request, and from the mapping that it names. */
export async function readingOf({ request, mapping }: Work, { customMappings }: MappingDeps): Promise<Reading> {
  const name = mapping ?? request.mapping;
  const kept =
    name !== undefined && request.definition !== undefined ? mappingFrom(name, request.definition) : undefined;
  return { ...(await readingBy(name, kept ? async () => [kept] : customMappings)), charset: request.charset };
}

/** How the rows of a batch become trips. The mapping is chosen when its first rows are read, and then kept. */
export async function classifyOptions(work: Work, stream: RowStream, deps: MappingDeps): Promise<ClassifyOptions> {
  const { request, batchId } = work;
  const sent = { form: stream.form, fields: stream.fields };
  const name = work.mapping ?? request.mapping;
  const kept =
    name !== undefined && request.definition !== undefined ? mappingFrom(name, request.definition) : undefined;
  const custom = kept ? async () => [kept] : deps.customMappings;
  const mapping = await mappingFor(name, sent, custom, request.source);
  const identity = request.identity ?? mapping.identity ?? "content";
  const { form, format, header } = stream;
  if (work.mapping === undefined) {
    const definition = isBuiltInName(mapping.name) ? undefined : definitionOf(mapping);
    await deps.keepMapping(batchId, { name: mapping.name, definition, form, format, identity }, header);
  }
  const { limits } = deps;
  const about = { lookups: await deps.lookupsFor(mapping), numbers: { decimal: format.decimal } };
  return { batchId, mapping, identity, header, startRange: deps.startRange(), limits, about, bound: request.bound };
}
