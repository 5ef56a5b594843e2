const FORM =
  /^(?!0000)\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/;

/** Whether the text is a date or a timestamp that exists, as PostgreSQL reads it: 30 February is none. */
export function isInstant(text: string): boolean {
  if (!FORM.test(text)) return false;
  const day = text.slice(0, 10);
  // JavaScript takes 30 February for a day of March.
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
