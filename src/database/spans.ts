import type { SpanAttributes } from "../kit/tracing.ts";
import type { DriverQuery } from "./driver.ts";

/** Characters of a statement in a span. */
const MAX_TEXT = 1000;

export const TRANSACTION: SpanAttributes = { "db.system.name": "postgresql" };

/** A statement as a span shows it, with placeholders where the values are. */
export const statementAttributes = ({ strings = [] }: DriverQuery): SpanAttributes => ({
  ...TRANSACTION,
  "db.query.text": strings.join("?").replace(/\s+/g, " ").trim().slice(0, MAX_TEXT),
});
