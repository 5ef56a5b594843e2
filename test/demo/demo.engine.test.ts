import { execFileSync, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase, type TestDatabase } from "../harness/index.ts";

const PROJECT = join(import.meta.dirname, "../..");
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** `npm run demo`, as its user sees it: what it printed once the third answer is there. */
function startDemo(env: Record<string, string>) {
  const child = spawn(process.execPath, ["dist/main.js", "--demo", "--trips", "4000"], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, PORT: "0", TRIPGRID_LOG_LEVEL: "error", ...env },
  });
  let text = "";
  const printed = new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk) => reject(new Error(String(chunk))));
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (/(\$ curl [^\n]+\n[^\n]+\n[^$]*){3}$/.test(text)) resolve(text);
    });
  });
  const stop = () => new Promise((done) => child.once("exit", done).kill("SIGTERM"));
  return { printed, stop };
}

/** The curl lines and the answers under them. */
const questionsIn = (text: string) =>
  [...text.matchAll(/^\$ (curl [^\n]+)\n([^\n]+)$/gm)].map(([, line = "", answer = ""]) => ({
    line,
    answer: JSON.parse(answer),
  }));

describe("npm run demo", () => {
  let database: TestDatabase;
  let demo: ReturnType<typeof startDemo>;
  let text: string;
  beforeAll(async () => {
    database = await freshDatabase();
    demo = startDemo(database.env);
    text = await demo.printed;
  });
  afterAll(async () => {
    await demo.stop();
    await database.drop();
  });

  it("fills an empty database with as many trips as were asked for", () => {
    expect(text).toContain("4000 trips in ");
  });

  it("prints three questions whose answers hold trips", () => {
    const answers = questionsIn(text).map(({ answer }) => answer);
    expect(answers).toHaveLength(3);
    expect(answers[0].trips).toBeGreaterThan(10);
    expect(answers[1].regions.map((row: { region: string }) => row.region).sort()).toEqual([
      "Bengaluru",
      "Hamburg",
      "Prague",
      "Turin",
    ]);
    expect(answers[2].trips).toBeGreaterThan(10);
  });

  it.skipIf(!hasCurl)("prints lines that give just these answers when they are typed (needs curl)", () => {
    for (const { line, answer } of questionsIn(text)) {
      const typed = JSON.parse(execFileSync("sh", ["-c", `${line} --silent`], { encoding: "utf8" }));
      expect({ ...typed, data_as_of: "" }).toEqual({ ...answer, data_as_of: "" });
    }
  });

  it("leaves a database that holds trips as it is", async () => {
    await demo.stop();
    demo = startDemo(database.env);
    const again = await demo.printed;
    expect(again).toContain("holds trips already");
    expect(questionsIn(again)[0]?.answer.trips).toBe(questionsIn(text)[0]?.answer.trips);
  });
});
