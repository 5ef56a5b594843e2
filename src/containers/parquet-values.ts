import type { ParquetParsers, SchemaElement } from "hyparquet";

/** Times as text, with microseconds: a `Date` would cut them. */
export function parsersFor(): Partial<ParquetParsers> {
  const parsers = {
    timestampFromMilliseconds: (millis: bigint) => clockOf(BigInt(millis) * 1000n),
    timestampFromMicroseconds: (micros: bigint) => clockOf(BigInt(micros)),
    timestampFromNanoseconds: (nanos: bigint) => clockOf(BigInt(nanos) / 1000n),
    dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  };
  return parsers as unknown as Partial<ParquetParsers>;
}

/** `YYYY-MM-DDTHH:MM:SS[.ffffff]` of microseconds since 1970. */
function clockOf(micros: bigint): string {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = Number((micros - rest) / 1_000_000n);
  // No date that is known; the row is rejected for it.
  if (Math.abs(seconds) > 8.64e12) return String(micros);
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return rest === 0n ? text : `${text}.${String(rest).padStart(6, "0").replace(/0+$/, "")}`;
}

const CLOCK = /^\d{4}-\d{2}-\d{2}T/;

/** A value as the cell of a CSV. */
export function valueText(value: unknown, element: SchemaElement): string {
  switch (typeof value) {
    case "string":
      return isMoment(element) && CLOCK.test(value) ? `${value}Z` : value;
    case "number":
      return Number.isFinite(value) ? numberText(value, element) : "";
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      return value === null ? "" : objectText(value);
    default:
      return "";
  }
}

/** Whether the times of a column are moments in UTC, and not wall clocks. Files of old writers mean moments. */
function isMoment({ type, converted_type, logical_type }: SchemaElement): boolean {
  if (logical_type?.type === "TIMESTAMP") return logical_type.isAdjustedToUTC;
  return type === "INT96" || converted_type === "TIMESTAMP_MILLIS" || converted_type === "TIMESTAMP_MICROS";
}

/** A number of 32 bits has fewer digits than it shows as one of 64 bits: 7.67, not 7.670000076293945. */
function numberText(value: number, { type }: SchemaElement): string {
  if (type !== "FLOAT") return String(value);
  for (const digits of [6, 7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

function objectText(value: object): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  const { type, coordinates } = value as { type?: unknown; coordinates?: unknown };
  if (type === "Point" && Array.isArray(coordinates)) return `POINT (${coordinates.slice(0, 2).join(" ")})`;
  return JSON.stringify(value, (_, member) => (typeof member === "bigint" ? String(member) : member));
}
