/** What the command says without a service and a database: the same on every engine. */
import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const tripgrid = (...args: string[]) => run("src/tripgrid.js", args);
/** Nothing listens there: it takes a right to do so, and nobody has it by default. */
const NOBODY = "http://127.0.0.1:9";

describe("tripgrid", () => {
  it.concurrent.each<[string[], RegExp]>([
    [[], /expected a command/],
    [["imort"], /there is no command imort/],
    [["import"], /expected at least one FILE/],
    [["import", "--fast", "a.csv"], /--fast/],
    [["import", "--url", "nowhere", "a.csv"], /--url: expected an address/],
    [["mapping", "guess"], /expected suggest, but got guess/],
    [["mapping", "suggest"], /expected one file/],
    [["export", "--weeks", "2018-W19..2018-W18", "--to", "x"], /two in order/],
    [["rollups", "repair"], /expected status, refresh or rebuild/],
  ])("is not understood with %j", async (args, message) => {
    const { status, stdout, stderr } = await tripgrid(...args);
    expect([status, stdout, stderr.split("\n").length]).toEqual([2, "", 2]);
    expect(stderr).toMatch(message);
  });

  it.each([[["--help"]], [["import", "--help"]], [["mapping", "suggest", "a.csv", "-h"]]])(
    "tells what it can do: %j",
    async (args) => {
      const { status, stdout, stderr } = await tripgrid(...args);
      expect([status, stderr]).toEqual([0, ""]);
      for (const verb of ["start", "import", "mapping suggest"]) expect(stdout).toContain(`tripgrid ${verb}`);
    },
  );

  it.concurrent.each([[["import", "--url", NOBODY, "a.csv"]], [["rollups", "status", "--url", NOBODY]]])(
    "says that no service answers at an address: %j",
    async (args) => {
      const message = `tripgrid: No Tripgrid service answers at ${NOBODY}.\n`;
      expect(await tripgrid(...args)).toEqual({ status: 1, stdout: "", stderr: message });
    },
  );

  it("suggests a mapping", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tripgrid-commands-"));
    try {
      await writeFile(join(folder, "foreign.csv"), "when,lat,lon\n2018-05-21 08:00:00,45.05,7.67\n");
      const { status, stdout } = await tripgrid("mapping", "suggest", join(folder, "foreign.csv"));
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ columns: { when: "started_at" } });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it("a build whose bundle is the same as before counts as newer than the sources", async () => {
  const bundle = resolve(import.meta.dirname, "../../dist/cli.js");
  await utimes(bundle, 0, 0);
  expect(await run("build.mjs", [])).toMatchObject({ status: 0 });
  expect((await stat(bundle)).mtimeMs).toBeGreaterThan((await stat(import.meta.filename)).mtimeMs);
});
