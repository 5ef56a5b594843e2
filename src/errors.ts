/**
 * The closed list of what can go wrong for a caller: code → HTTP status and title. Whatever is not in it is a fault of
 * ours, `internal`, and its text is never shown.
 */
export const ERRORS = {
  invalid_json: { status: 400, title: "The body is not JSON" },
  invalid_csv: { status: 400, title: "The body is not CSV" },
  invalid_encoding: { status: 400, title: "The body cannot be decoded" },
  invalid_body: { status: 400, title: "The body does not have the expected form" },
  invalid_parameter: { status: 400, title: "A parameter is not valid" },
  trips_not_shown: { status: 403, title: "Single trips are not shown" },
  not_found: { status: 404, title: "Not found" },
  several_trips: { status: 409, title: "Several trips have this id" },
  batch_not_final: { status: 409, title: "The batch is still worked on" },
  mapping_built_in: { status: 409, title: "The mapping is built in" },
  time_zone_fixed: { status: 409, title: "The time zone of a region with trips cannot change" },
  week_retired: { status: 409, title: "The week is retired" },
  file_changed: { status: 409, title: "The file has changed" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_encoding: { status: 415, title: "The content encoding is not supported" },
  no_valid_rows: { status: 422, title: "No row of the request is a trip" },
  invalid_area: { status: 422, title: "The area is not valid" },
  batch_failed: { status: 422, title: "The batch failed" },
  idempotency_key_reused: { status: 422, title: "The idempotency key was used for another request" },
  too_many_requests: { status: 429, title: "Too much at once" },
  internal: { status: 500, title: "Internal error" },
  took_too_long: { status: 503, title: "The question took too long" },
  database_unavailable: { status: 503, title: "The database is not available" },
  service_stopping: { status: 503, title: "The service is stopping" },
  disk_full: { status: 507, title: "There is no room for the file" },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One faulty field of a request: which one and what was expected. */
export interface FieldError {
  field: string;
  detail: string;
}

/** An error that the caller may read: `detail` is ours, never a database's. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** Members beside the standard ones in the problem+json reply: `errors`, `line`, `receipt` and the like. */
  readonly extra: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    extra: Record<string, unknown> = {},
    options?: ErrorOptions & { retryAfterSeconds?: number },
  ) {
    super(detail, options);
    this.name = "AppError";
    this.code = code;
    this.extra = extra;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** A fault in how the service was set up: shown as one sentence, then exit status 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}
