/** The part of a mapping that says what is read. */
interface Reading {
  columns: Readonly<Record<string, { with?: readonly string[] | undefined }>>;
}

/** Whether the name of a column is a path into nested JSON: `start.lat`, `route.features[0].geometry`. */
export const isPath = (column: string): boolean =>
  /[^.[\]](\.[^.[\]]+|\[-?\d+\])+$/.test(column) && /[.[]/.test(column);

/** The field in which a path begins. */
export const rootOf = (path: string): string => path.split(/[.[]/, 1)[0] ?? path;

/** The columns of a mapping by what a header or the fields of a row must have for them. */
interface Wanted {
  names: ReadonlySet<string>;
}

const wanted = new WeakMap<Reading, Wanted>();

/** Whether a mapping reads a field: it has a rule for it, joins it to another, or has a path into it. */
export function reads(mapping: Reading, field: string): boolean {
  if (Object.hasOwn(mapping.columns, field)) return true;
  let known = wanted.get(mapping);
  if (!known) {
    const names = new Set<string>();
    for (const [column, rule] of Object.entries(mapping.columns)) {
      if (isPath(column)) names.add(rootOf(column));
      for (const more of rule.with ?? []) names.add(more);
    }
    known = { names };
    wanted.set(mapping, known);
  }
  return known.names.has(field);
}

/** Whether fields have a column of a mapping, or the field in which its path begins. */
export const hasColumn = (fields: readonly string[], column: string): boolean =>
  fields.includes(column) || (isPath(column) && fields.includes(rootOf(column)));
