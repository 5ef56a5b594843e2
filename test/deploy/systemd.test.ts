import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig, SETTING_NAMES } from "../../src/config.ts";

const UNIT = join(import.meta.dirname, "../../deploy/systemd/tripgrid@.service");
const text = readFileSync(UNIT, "utf8");
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

it.skipIf(!hasSystemd)(`the unit is one that systemd reads${hasSystemd ? "" : " (systemd is not installed)"}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "tg-unit-"));
  copyFileSync(UNIT, join(folder, "tripgrid@8081.service"));
  const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", join(folder, "tripgrid@8081.service")], {
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  // What it says of other units of the machine is no matter of ours.
  expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes("tripgrid"))).toEqual([]);
});

it("the unit sets what there is, on loopback, and starts what npm start starts", () => {
  const given = [...text.matchAll(/^Environment=(.+)$/gm)].flatMap(([, pairs = ""]) => pairs.split(" "));
  const env = Object.fromEntries(given.map((pair) => pair.split("=") as [string, string]));
  expect([...SETTING_NAMES, "NODE_ENV"]).toEqual(expect.arrayContaining(Object.keys(env)));
  const config = readConfig({ ...env, TRIPGRID_METRICS_PORT: env.TRIPGRID_METRICS_PORT?.replace("%i", "8081") });
  expect(config).toMatchObject({
    host: "127.0.0.1",
    drainMs: 5000,
    metricsPort: 18081,
    trustedProxies: ["127.0.0.1", "::1"],
  });
  // Load balancers keep their connections for 60 s.
  expect(config.keepAliveMs).toBeGreaterThan(60_000);
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  expect(text).toContain(scripts.start);
});
