import type { Kysely } from "kysely";
import type { Sql } from "../../src/database/client.ts";
import { createKysely } from "../../src/database/kysely.ts";
import type { DB } from "../../src/database/schema.ts";

/** What a call sends to the database: statements that Kysely built, each with its parameters. */
export interface Recorder {
  db: Kysely<DB>;
  sql: Sql;
  /** Takes a statement that a call only checks. Used in place of a check of its cost. */
  check(): Promise<void>;
  /** The statements sent since the last call, as text for a committed file. */
  taken(title: string): string;
}

/** Records statements in place of a database, which answers each one with these rows. */
export function recordSql(rows: object[] = []): Recorder {
  let sent: string[] = [];
  const unsafe = async (text: string, parameters: readonly unknown[] = []) => {
    sent.push(`${laidOut(text)};\n${parametersOf(parameters)}`);
    return rows;
  };
  const sql = { unsafe } as unknown as Sql;
  return {
    db: createKysely(sql),
    sql,
    check: async () => {},
    taken: (title) => {
      const text = [`-- ${title}`, ...sent].join("\n");
      sent = [];
      return text;
    },
  };
}

const parametersOf = (parameters: readonly unknown[]) =>
  parameters.map((value, i) => `-- $${i + 1} = ${JSON.stringify(value)}\n`).join("");

const CLAUSES = "from|where|group by|having|order by|limit|union all|cross join|left join|full join";

/** Each clause in a line of its own, indented by the parentheses around it. */
function laidOut(text: string): string {
  const flat = text.trim().replace(/\s+/g, " ").replaceAll("( ", "(").replaceAll(" )", ")");
  let depth = 0;
  return flat.replace(new RegExp(`[()]| (?=(?:${CLAUSES}) )`, "g"), (found, at: number) => {
    if (found === " ") return /extract\(\w+$/.test(flat.slice(0, at)) ? found : `\n${"  ".repeat(depth)}`;
    depth += found === "(" ? 1 : -1;
    return found;
  });
}
