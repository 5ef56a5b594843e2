import type { Mapping } from "./mapping.ts";

const folded = (name: string) =>
  name
    .toLowerCase()
    .replace(/[\s_]+/g, " ")
    .trim();

/** Mappings with their columns spelled as in these fields, where only case, blanks or underscores differ. */
export function respelled(mappings: readonly Mapping[], fields: readonly string[]): Mapping[] {
  const asTheyAre = new Set(fields);
  const known = new Map(fields.map((field) => [folded(field), field]));
  const spell = (column: string) => (asTheyAre.has(column) ? column : (known.get(folded(column)) ?? column));
  return mappings.map((mapping) => withSpelling(mapping, spell));
}

function withSpelling(mapping: Mapping, spell: (column: string) => string): Mapping {
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
