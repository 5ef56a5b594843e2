/** One request that changed something. */
export interface AuditEntry {
  /** The name of the key or user. Null: no credential was needed. */
  actor: string | null;
  /** The address that the request came from. */
  client: string;
  /** Method and address as OpenAPI writes it. */
  action: string;
  /** The changed object, as the path of its present or former address. */
  target: string;
  status: number;
  request_id: string;
}

export interface StoredEntry extends AuditEntry {
  entry_id: number;
  /** Instant, ISO 8601 in UTC. */
  at: string;
}

export interface AuditFilters {
  actor: string | undefined;
  action: string | undefined;
  /** Instants, ISO 8601; `from` is included, `to` is not. */
  from: string | undefined;
  to: string | undefined;
}

/** Days for which entries are kept. */
export const AUDIT_DAYS = 400;

/** Stores an entry. A failure is logged with the entry, so this never rejects. */
export type RecordAudit = (entry: AuditEntry) => Promise<void>;

/** Lists entries, the newest first, that are older than the entry `before`. */
export type ListAudit = (
  filters: AuditFilters,
  limit: number,
  before: number | undefined,
) => Promise<{ entries: StoredEntry[]; next: number | undefined }>;
