import type { Mapping } from "./mapping.ts";

const folded = (name: string) =>
  name
    .toLowerCase()
    .replace(/[\s_]+/g, " ")
    .trim();

/** A mapping with its columns spelled as in these fields, where only case, blanks or underscores differ. */
export function respelled(mapping: Mapping, fields: readonly string[]): Mapping {
  const known = new Map(fields.map((field) => [folded(field), field]));
  const spell = (column: string) => (fields.includes(column) ? column : (known.get(folded(column)) ?? column));
  const { columns, knownBy, fallbacks } = mapping;
  return {
    ...mapping,
    columns: Object.fromEntries(
      Object.entries(columns).map(([column, rule]) => [
        spell(column),
        rule.with ? { ...rule, with: rule.with.map(spell) } : rule,
      ]),
    ),
    ...(knownBy ? { knownBy: knownBy.map(spell) } : {}),
    ...(fallbacks
      ? {
          fallbacks: Object.fromEntries(
            Object.entries(fallbacks).map(([target, all]) => [
              target,
              all.map((one) => (typeof one === "string" ? spell(one) : one)),
            ]),
          ),
        }
      : {}),
  };
}
