/** Limit of characters of a name or a value in a message. The wiring sets it by TRIPGRID_MAX_NAME_LENGTH. */
let maxShown = 100;

export function limitShown(characters: number): void {
  maxShown = characters;
}

/** A sent value as JSON, short enough for a message and free of characters that could break one. */
export function shown(value: unknown): string {
  const text = JSON.stringify(beginning(value, { left: maxShown + 1 })) ?? String(value);
  return (text.length > maxShown ? `${text.slice(0, maxShown)}…` : text).toWellFormed();
}

/** A name without quotes, short enough for a message. */
export const shownName = (name: string): string =>
  (name.length > maxShown ? `${name.slice(0, maxShown)}…` : name).toWellFormed();

/**
 * The beginning of a value, as much as can be shown. Each part takes at least one character, so no time is spent on
 * megabytes of text.
 */
function beginning(value: unknown, parts: { left: number }): unknown {
  parts.left--;
  if (typeof value === "string") return value.slice(0, maxShown + 1);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const some: unknown[] = [];
    for (let i = 0; i < value.length && parts.left > 0; i++) some.push(beginning(value[i], parts));
    return some;
  }
  const some: [string, unknown][] = [];
  for (const name in value) {
    if (parts.left <= 0) break;
    some.push([name.slice(0, maxShown + 1), beginning((value as Record<string, unknown>)[name], parts)]);
  }
  return Object.fromEntries(some);
}
