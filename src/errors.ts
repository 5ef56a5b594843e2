/**
 * The closed list of errors that a caller may see: code → HTTP status and title. Any other error is a fault of the
 * service. The caller gets `internal` for it, without its text.
 */
export const ERRORS = {
  invalid_json: { status: 400, title: "The body is not JSON" },
  invalid_csv: { status: 400, title: "The body is not CSV" },
  invalid_encoding: { status: 400, title: "The body cannot be decoded" },
  invalid_body: { status: 400, title: "The body does not have the expected form" },
  invalid_parameter: { status: 400, title: "A parameter is not valid" },
  invalid_grant: { status: 400, title: "The login is not accepted" },
  invalid_request: { status: 400, title: "The request cannot be read" },
  unauthorized: { status: 401, title: "A credential is missing or not valid" },
  missing_scope: { status: 403, title: "The credential does not allow this" },
  bound_credential: { status: 403, title: "The credential is bound to other trips" },
  forbidden_host: { status: 403, title: "The host is not allowed" },
  forbidden_origin: { status: 403, title: "The origin is not allowed" },
  trip_access_disabled: { status: 403, title: "Single trips are not shown" },
  not_found: { status: 404, title: "Not found" },
  request_timeout: { status: 408, title: "The request took too long to come" },
  ambiguous_trip: { status: 409, title: "Several trips have this id" },
  batch_in_progress: { status: 409, title: "The batch is still worked on" },
  batch_undone: { status: 409, title: "The batch is undone" },
  mapping_built_in: { status: 409, title: "The mapping is built in" },
  time_zone_locked: { status: 409, title: "The time zone of a region with trips cannot change" },
  week_retired: { status: 409, title: "The week is retired" },
  name_taken: { status: 409, title: "The name is taken" },
  file_changed: { status: 409, title: "The file has changed" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_file: { status: 415, title: "The body is no file of trips" },
  unsupported_encoding: { status: 415, title: "The content encoding is not supported" },
  no_mapping: { status: 422, title: "No mapping fits the rows" },
  ambiguous_mapping: { status: 422, title: "Several mappings fit the rows" },
  source_required: { status: 422, title: "The source of the rows is not named" },
  missing_lookup: { status: 422, title: "A lookup that the mapping needs is not defined" },
  no_valid_rows: { status: 422, title: "No row of the request is valid" },
  invalid_area: { status: 422, title: "The area is not valid" },
  query_too_large: { status: 422, title: "The query would read too much" },
  batch_failed: { status: 422, title: "The batch failed" },
  idempotency_key_reused: { status: 422, title: "The idempotency key was used for another request" },
  too_many_requests: { status: 429, title: "Too much at once" },
  headers_too_large: { status: 431, title: "The headers are too large" },
  client_gone: { status: 499, title: "The client has hung up" },
  internal: { status: 500, title: "Internal error" },
  query_timeout: { status: 503, title: "The question took too long" },
  overloaded: { status: 503, title: "Too much is asked at once" },
  database_unavailable: { status: 503, title: "The database is not available" },
  issuer_unavailable: { status: 503, title: "The keys of the issuer cannot be read" },
  service_stopping: { status: 503, title: "The service is stopping" },
  insufficient_storage: { status: 507, title: "There is no room to store it" },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One faulty field of a request: which one and what was expected. */
export interface FieldError {
  field: string;
  detail: string;
}

/** An error that the caller may read. Its `detail` is written in this project and never comes from a database. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** Members besides the standard ones in the problem+json reply, such as `errors`, `line` or `receipt`. */
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

/** A mistake in the setup of the service. The process prints it as one sentence and exits with status 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}
