import { type ColumnRule, FIELD_TARGETS, type FieldTarget, type Mapping, TEXT_TARGETS } from "../mappings/mapping.ts";
import { naturalType } from "../mappings/mapping-faults.ts";
import { isPath, rootOf } from "../mappings/reach.ts";
import { dateAlone } from "../time/date-alone.ts";
import { type Readers, type RowState, SLOT } from "./read-column.ts";

/** Gives the value of a column in a row. Undefined: the rows have no such column. */
export type GetterOf<Row> = (column: string) => ((row: Row) => unknown) | undefined;

/** What a mapping reads beside the single columns: paths, joined columns and fallbacks. */
export interface Reach<Row> {
  /** Columns that are read here, or as a part of another, so that they are not read by themselves. */
  taken: ReadonlySet<string>;
  /** Fields of which only parts are read. */
  roots: ReadonlySet<string>;
  read: (row: Row, state: RowState) => void;
}

/** @returns undefined if the mapping reads single columns only */
export function compileReach<Row>(
  mapping: Mapping,
  readers: Readers,
  getterOf: GetterOf<Row>,
  withPaths: boolean,
): Reach<Row> | undefined {
  const taken = new Set<string>();
  const roots = new Set<string>();
  const steps: ((row: Row, state: RowState) => void)[] = [];
  for (const [column, rule] of Object.entries(mapping.columns)) {
    const path = withPaths && isPath(column);
    if (path) roots.add(rootOf(column));
    if (!path && rule.with === undefined) continue;
    taken.add(column);
    for (const more of rule.with ?? []) {
      if (!Object.hasOwn(mapping.columns, more)) taken.add(more);
    }
    const read = readers.known.get(column);
    const value = joined(column, rule, getterOf);
    if (read && value) steps.push((row, state) => read(value(row), state));
  }
  for (const target of FIELD_TARGETS) {
    const step = fallbackStep(mapping, target, readers, getterOf);
    if (step) steps.push(step);
  }
  if (steps.length === 0 && taken.size === 0) return undefined;
  return {
    taken,
    roots,
    read: (row, state) => {
      for (const step of steps) step(row, state);
    },
  };
}

/** The value of a column, followed by those that the rule joins to it. Without its own value there is none. */
function joined<Row>(column: string, rule: ColumnRule, getterOf: GetterOf<Row>): ((row: Row) => unknown) | undefined {
  const first = getterOf(column);
  const rest = rule.with?.map(getterOf);
  if (!first || !rest) return first;
  const isTime = rule.type === "time";
  return (row) => {
    const value = first(row);
    if (value === undefined || value === null || value === "") return value;
    const parts = rest.map((get) => get?.(row)).filter((part) => part !== undefined && part !== null && part !== "");
    return [parts.length > 0 && isTime ? dateAlone(String(value)) : value, ...parts].join(" ");
  };
}

function fallbackStep<Row>(
  mapping: Mapping,
  target: FieldTarget,
  { byRule }: Readers,
  getterOf: GetterOf<Row>,
): ((row: Row, state: RowState) => void) | undefined {
  const fallbacks = mapping.fallbacks?.[target];
  if (!fallbacks) return undefined;
  const main = Object.values(mapping.columns).find(({ to }) => to === target);
  const rule = main ? { ...main, with: undefined } : { to: target, type: naturalType(target) };
  const slot = SLOT[target];
  const isText = (TEXT_TARGETS as readonly string[]).includes(target);
  const tries = fallbacks.flatMap((fallback) => {
    if (typeof fallback !== "string") {
      const read = byRule(target, isText ? { ...rule, type: "text" } : rule);
      return [(_: Row, state: RowState) => read(fallback.constant, state)];
    }
    const value = getterOf(fallback);
    if (!value) return [];
    const read = byRule(fallback, rule);
    return [(row: Row, state: RowState) => read(value(row), state)];
  });
  return (row, state) => {
    // A value that is there and cannot be read is a problem of the row, and nothing stands in for it.
    const { length } = state.problems;
    for (const attempt of tries) {
      if (state.values[slot] !== undefined || state.problems.length > length) return;
      attempt(row, state);
    }
  };
}

type Step = string | number;

/** The value at a path of a JSON row: `start.lat`, `route.features[0].geometry`; `[-1]` is the last member. */
export function valueAtPath(path: string): (row: Readonly<Record<string, unknown>>) => unknown {
  const steps = stepsOf(path);
  return (row) => {
    // A field of just this name comes before a path.
    if (Object.hasOwn(row, path)) return row[path];
    let value: unknown = row;
    for (const step of steps) {
      if (typeof step === "number") value = Array.isArray(value) ? value.at(step) : undefined;
      else if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
      else value = (value as Record<string, unknown>)[step];
    }
    return value;
  };
}

const stepsOf = (path: string): Step[] =>
  path.split(/\.|(?=\[)/).map((part) => (/^\[-?\d+\]$/.test(part) ? Number(part.slice(1, -1)) : part));
