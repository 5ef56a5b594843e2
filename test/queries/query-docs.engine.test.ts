import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { CELL_COLUMNS, QUERY_COLUMNS, QUERY_NUMBERS } from "../../src/queries/query.ts";
import { QueryDefinition } from "../../src/queries/query-definition.ts";
import { callJson, sendNew } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/query.md"), "utf8");
const [trips, ...blocks] = [...page.matchAll(/```(json|csv)\n(.*?)```/gs)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** Each query with the answer that follows it. */
const examples = blocks.flatMap(({ language, text }, i) => {
  const isAnswer = language === "csv" || /^\{\s*"(columns|source)"/.test(text);
  const answer = blocks[i + 1];
  return isAnswer || !answer ? [] : [[text.replace(/\s+/g, " ").trim(), JSON.parse(text) as object, answer] as const];
});

const service = useService();
beforeAll(() => sendNew(service, JSON.parse(trips?.text ?? "")));

describe("the page about queries", () => {
  it("has examples, each with its answer", () => {
    expect(examples.length * 2).toBe(blocks.length);
    expect(examples.length).toBeGreaterThan(8);
  });

  it.each(examples)("shows what is answered to %s", async (_, query, answer) => {
    if (answer.language === "csv") {
      const reply = await fetch(`${service.url}/v1/query?format=csv`, { method: "POST", body: JSON.stringify(query) });
      expect([reply.status, await reply.text()]).toEqual([200, answer.text]);
      return;
    }
    const { status, body } = await callJson<Record<string, unknown>>(service, "POST", "/v1/query", query);
    expect(status).toBe(200);
    const shown = JSON.parse(answer.text);
    // The moment is another one; of the SQL the page shows parts.
    const { data_as_of, sql = "" } = body as { data_as_of?: string; sql?: string };
    for (const part of (shown.sql ?? "").split("…")) expect(sql).toContain(part.trim());
    expect(body).toEqual({ ...shown, ...(data_as_of ? { data_as_of } : {}), ...(sql ? { sql } : {}) });
  });

  it("names every member, column and number", () => {
    const [members = ""] = page.split("| member | what it says | if left out |\n")[1]?.split("\n\n") ?? [];
    expect([...members.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1])).toEqual(Object.keys(QueryDefinition.shape));
    for (const name of [...QUERY_COLUMNS, ...CELL_COLUMNS, ...QUERY_NUMBERS]) expect(page).toMatch(`${name}`);
  });
});
