/**
 * Whether IANA has a time zone of this name. PostgreSQL reads short names such as CET as abbreviations with fixed
 * clocks, and offsets such as +05:30 with the sign reversed, so neither counts.
 */
export function isTimeZone(name: string): boolean {
  if (!/^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+){1,2})$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What is said of a name that is no time zone. */
export const ZONE_EXPECTED = "expected the IANA name of a time zone such as Europe/Rome, or UTC";
