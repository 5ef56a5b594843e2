/** The reason why a value is rejected: a stable code and the expected form. */
export interface Fault {
  code: FaultCode;
  detail: string;
}

/** The closed list of reasons why a field of a row is rejected. */
export type FaultCode =
  | "missing"
  | "wrong_type"
  | "out_of_range"
  | "invalid_time"
  | "invalid_point"
  | "invalid_text"
  | "invalid_json"
  | "invalid_row"
  | "too_large"
  | "not_permitted"
  | "week_retired";

export type Parsed<T> = { ok: true; value: T } | { ok: false; fault: Fault };

export const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const bad = (code: FaultCode, detail: string): { ok: false; fault: Fault } => ({
  ok: false,
  fault: { code, detail },
});
