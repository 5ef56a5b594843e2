import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../src/monitoring/metrics.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const promtool = (...args: string[]) => spawnSync("promtool", args, { cwd: ROOT, encoding: "utf8" });

const { groups } = parse(read("deploy/prometheus/tripgrid-rules.yml")) as {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read("deploy/grafana/dashboards/operations.json")) as {
  uid: string;
  panels: { title: string; datasource: { uid: string }; targets: { expr: string }[] }[];
};

describe("the alert rules", () => {
  it.skipIf(!hasPromtool)(
    `raise each alert when they should${hasPromtool ? "" : " (promtool is not installed)"}`,
    () => {
      const { status, stdout, stderr } = promtool("test", "rules", "test/deploy/alerts.yml");
      expect(`${stdout}${stderr}`).toContain("SUCCESS");
      expect(status).toBe(0);
    },
  );

  it.skipIf(!hasPromtool)("and the file that scrapes are valid", () => {
    expect(promtool("check", "rules", "deploy/prometheus/tripgrid-rules.yml").status).toBe(0);
    expect(promtool("check", "config", "deploy/prometheus/prometheus.yml").status).toBe(0);
  });

  it("are all tried, for quiet and for trouble, and say what to do", () => {
    const tests = read("test/deploy/alerts.yml");
    for (const { alert, annotations } of rules) {
      expect(tests.split(`alertname: ${alert}`).length - 1, alert).toBe(2);
      expect(annotations.description, alert).toMatch(/\.$/);
    }
  });
});

describe("every figure that is asked for is one that the service shows:", async () => {
  const metrics = createMetrics();
  const status = async () => ({ lag_seconds: 0, weeks_behind: 0, trips_behind: 0 }) as never;
  metrics.watch({ rollupStatus: status, room: undefined as never, pools: () => ({}), followers: () => ({}) as never });
  const shown = new Set([...(await metrics.read()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  // Memory that is held for clients is shown once there is a room for it.
  shown.add("tripgrid_held_bytes");
  const asked = (expr: string) =>
    [...expr.matchAll(/\b((?:tripgrid|process)_\w+)\b/g)].map(([, name = ""]) =>
      name.replace(/_(bucket|count|sum)$/, ""),
    );

  it.each([
    ...rules.map(({ alert, expr }) => [alert, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ])("%s", (_, expr) => {
    for (const name of asked(expr)) expect(shown).toContain(name);
    expect(expr).toMatch(/job="/);
  });

  it("the dashboard reads them from the datasource that is provisioned", () => {
    const { datasources } = parse(read("deploy/grafana/provisioning/datasources/prometheus.yml"));
    for (const { datasource } of dashboard.panels) expect(datasource.uid).toBe(datasources[0].uid);
    expect(dashboard.uid).toBe("tripgrid-operations");
  });
});
