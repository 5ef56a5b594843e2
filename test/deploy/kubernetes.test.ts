import { readFileSync } from "node:fs";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { Service } from "kubernetes-models/v1/Service";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { SETTING_NAMES } from "../../src/config.ts";

const text = readFileSync(new URL("../../deploy/kubernetes/tripgrid.yaml", import.meta.url), "utf8");
const KINDS = { Deployment, Service, PodDisruptionBudget } as const;
type Kind = keyof typeof KINDS;
const manifests = parseAllDocuments(text).map(
  (document) => document.toJS() as { kind: Kind; [member: string]: unknown },
);

describe("the example for Kubernetes", () => {
  it.each(manifests)("has a $kind that its schema allows", ({ kind, ...manifest }) => {
    // The types want an object that is known to be right; whether it is so is what is tested.
    const resource = new KINDS[kind](manifest as never);
    expect(() => resource.validate()).not.toThrow();
    const broken = new KINDS[kind]({ ...manifest, spec: 5 } as never);
    expect(() => broken.validate()).toThrow();
  });

  const [deployment, service, budget] = manifests as unknown as [
    { spec: { selector: object; template: { metadata: { labels: object }; spec: Pod } } },
    { spec: { selector: object; ports: { targetPort: string }[] } },
    { spec: { selector: { matchLabels: object } } },
  ];
  interface Pod {
    terminationGracePeriodSeconds: number;
    volumes: { name: string; secret?: { secretName: string; defaultMode: number } }[];
    containers: {
      env: { name: string; value: string }[];
      ports: { name: string; containerPort: number }[];
      volumeMounts: { name: string; mountPath: string }[];
    }[];
  }
  const { containers, terminationGracePeriodSeconds } = deployment.spec.template.spec;
  const [container] = containers;
  const env = Object.fromEntries(container?.env.map(({ name, value }) => [name, value]) ?? []);

  it("knows the settings, and gives a process time to drain", () => {
    expect(SETTING_NAMES).toEqual(expect.arrayContaining(Object.keys(env)));
    // Requests under way have 20 s after the drain.
    expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(env.TRIPGRID_DRAIN_S) + 20);
  });

  it("gives the first key as a file of a secret that it mounts", () => {
    const { volumes } = deployment.spec.template.spec;
    const volume = volumes.find(({ name }) => name === "first-key");
    expect(volume?.secret).toEqual({ secretName: "tripgrid-first-key", defaultMode: 0o440 });
    expect(text).toContain(`kubectl create secret generic ${volume?.secret?.secretName} --from-literal=first-key=`);
    const mount = container?.volumeMounts.find(({ name }) => name === "first-key");
    expect(env.TRIPGRID_FIRST_KEY_FILE).toBe(`${mount?.mountPath}/first-key`);
  });

  it("leads its service and its budget to its pods, and to ports that they have", () => {
    const { labels } = deployment.spec.template.metadata;
    expect([service.spec.selector, budget.spec.selector.matchLabels]).toEqual([labels, labels]);
    const ports = Object.fromEntries(container?.ports.map(({ name, containerPort }) => [name, containerPort]) ?? []);
    expect(Object.keys(ports)).toEqual(expect.arrayContaining(service.spec.ports.map(({ targetPort }) => targetPort)));
    expect(ports).toEqual({ http: 8080, metrics: Number(env.TRIPGRID_METRICS_PORT) });
  });
});
