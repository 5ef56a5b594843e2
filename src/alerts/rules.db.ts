import type { Kysely } from "kysely";
import { type Sql, translateErrors } from "../database/client.ts";
import type { DB } from "../database/schema.ts";
import type { Condition } from "../queries/query.ts";
import type { Rule, RuleDefinition } from "./alert.ts";
import { conditionOf } from "./rule-condition.ts";
import { predicateText } from "./rule-predicate.db.ts";

interface Row {
  name: string;
  on: RuleDefinition["on"];
  where: Record<string, unknown>;
  callback: string | null;
  created_at: string;
  updated_at: string;
}

const ruleOf = ({ name, on, where, callback, created_at, updated_at }: Row): Rule => ({
  ...{ name, on, where, created_at, updated_at },
  ...(callback === null ? {} : { callback }),
});

/**
 * Stores a rule, or replaces the rule of this name. It holds for what is stored after its commit.
 *
 * @throws AppError invalid_area if PostGIS does not take an area of the condition
 */
export async function putRule(
  sql: Sql,
  db: Kysely<DB>,
  name: string,
  { on, where, callback }: RuleDefinition,
  condition: Condition,
): Promise<{ rule: Rule; created: boolean }> {
  return translateErrors(async () => {
    const text = await predicateText(db, on, condition);
    const table = sql(`tripgrid.${on}`);
    // Otherwise the first row that came would find what is wrong.
    await sql`select count(*) from (select * from ${table} limit 20) t where ${sql.unsafe(text)}`;
    const [row] = await sql<(Row & { created: boolean })[]>`
      insert into tripgrid.alert_rules (name, subject, definition, predicate, callback)
      values (${name}, ${on}, ${sql.json(where as never)}, ${text}, ${callback ?? null})
      on conflict (name) do update set subject = excluded.subject, definition = excluded.definition,
        predicate = excluded.predicate, callback = excluded.callback, updated_at = now()
      returning name, subject as on, definition as where, callback, created_at, updated_at, xmax = 0 as created`;
    if (!row) throw new Error(`the rule ${name} is not there right after it was stored`);
    return { rule: ruleOf(row), created: row.created };
  });
}

/** The rules of these names, or all, by name. */
export async function findRules(sql: Sql, name?: string): Promise<Rule[]> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      select name, subject as on, definition as where, callback, created_at, updated_at
      from tripgrid.alert_rules where ${name ?? null}::text is null or name = ${name ?? null} order by name`;
    return rows.map(ruleOf);
  });
}

/** Deletes a rule. Returns whether there was one. */
export async function deleteRule(sql: Sql, name: string): Promise<boolean> {
  return translateErrors(async () => {
    const removed = await sql`delete from tripgrid.alert_rules where name = ${name} returning 1`;
    return removed.length > 0;
  });
}

/** Makes the SQL of all rules again, as this version makes it. A rule that it does not understand stays as it is. */
export async function renewRules(sql: Sql, db: Kysely<DB>, onFault: (name: string, error: unknown) => void) {
  for (const { name, on, where, updated_at } of await findRules(sql)) {
    try {
      const text = await predicateText(db, on, conditionOf(on, where));
      // Another process may have replaced the rule meanwhile.
      await sql`
        update tripgrid.alert_rules set predicate = ${text}
        where name = ${name} and predicate <> ${text} and updated_at = ${updated_at}::timestamptz`;
    } catch (error) {
      onFault(name, error);
    }
  }
}
