import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import { AppError } from "../errors.ts";
import type { Table, WriteTable } from "./table.ts";
import { csvOf, geoJsonOf, geoJsonSeqOf, ndjsonOf } from "./text-formats.http.ts";

interface Format {
  contentType: string;
  /** What clients may write in `Accept`, beside the content type. */
  aliases: readonly string[];
  /** The end of a file's name. */
  extension: string;
  /** Whether a row is a feature, so that it must have a place. */
  isSpatial: boolean;
  /** Loaded when it is needed: the libraries of some formats are large. */
  load: () => WriteTable | Promise<WriteTable>;
}

export const EXPORT_FORMATS = ["csv", "ndjson", "geojson", "geojsonseq", "geoparquet", "flatgeobuf", "arrow"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  csv: { contentType: "text/csv; charset=utf-8", aliases: [], extension: "csv", isSpatial: false, load: () => csvOf },
  ndjson: {
    ...{ contentType: "application/x-ndjson", aliases: ["application/jsonl"], extension: "ndjson" },
    ...{ isSpatial: false, load: () => ndjsonOf },
  },
  geojson: {
    ...{ contentType: "application/geo+json", aliases: [], extension: "geojson" },
    ...{ isSpatial: true, load: () => geoJsonOf },
  },
  geojsonseq: {
    ...{ contentType: "application/geo+json-seq", aliases: [], extension: "geojsons" },
    ...{ isSpatial: true, load: () => geoJsonSeqOf },
  },
  geoparquet: {
    ...{ contentType: "application/vnd.apache.parquet", aliases: ["application/x-parquet"], extension: "parquet" },
    ...{ isSpatial: false, load: async () => (await import("./geoparquet.ts")).geoParquetOf },
  },
  flatgeobuf: {
    ...{ contentType: "application/flatgeobuf", aliases: ["application/vnd.flatgeobuf"], extension: "fgb" },
    ...{ isSpatial: true, load: async () => (await import("./flatgeobuf.ts")).flatGeobufOf },
  },
  arrow: {
    ...{ contentType: "application/vnd.apache.arrow.stream", aliases: [], extension: "arrows" },
    ...{ isSpatial: false, load: async () => (await import("./arrow.ts")).arrowOf },
  },
};

/** The format that a request asks for: by the parameter, else by the known type that `Accept` prefers, else CSV. */
export function formatOf(c: Context, given: ExportFormat | undefined): ExportFormat {
  if (given) return given;
  let best: { name: ExportFormat; weight: number } | undefined;
  for (const { type, q: weight } of parseAccept(c.req.header("accept") ?? "")) {
    const name = formatOfType(type.toLowerCase());
    if (name && weight > (best?.weight ?? 0)) best = { name, weight };
  }
  return best?.name ?? "csv";
}

const formatOfType = (type: string): ExportFormat | undefined =>
  EXPORT_FORMATS.find((name) => {
    const { contentType, aliases } = FORMATS[name];
    return contentType.split(";")[0] === type || aliases.includes(type);
  });

/** @throws AppError invalid_parameter if the rows have no place, and the format needs one */
export function checkPlaces(format: ExportFormat, { geometry }: Pick<Table, "geometry">): void {
  if (geometry || !FORMATS[format].isSpatial) return;
  const others = EXPORT_FORMATS.filter((name) => !FORMATS[name].isSpatial).join(", ");
  const detail = `these rows have no place: expected one of ${others}`;
  throw new AppError("invalid_parameter", `format: ${detail}`, { errors: [{ field: "format", detail }] });
}
