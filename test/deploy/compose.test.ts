import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Batch } from "../../src/batches/batch.ts";
import { readConfig, SETTING_NAMES } from "../../src/config.ts";
import { takenIn } from "../parsing/taken-in.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

interface Service {
  image?: string;
  environment: Record<string, string>;
  ports: string[];
  healthcheck: { test: string[] };
  volumes?: string[];
  profiles?: string[];
  networks?: { default: { ipv4_address: string } };
  depends_on?: Record<string, { condition: string }>;
}

interface Job {
  container?: string;
  services?: Record<string, { image: string }>;
  env?: Record<string, string>;
  steps: { uses?: string; run?: string; with?: Record<string, unknown>; env?: Record<string, string> }[];
  "timeout-minutes": number;
}

type Services = Record<"database" | "tripgrid" | "tripgrid-2" | "nginx" | "prometheus" | "grafana" | "kafka", Service>;
type Jobs = Record<"test" | "newer-node" | "timescaledb" | "compose" | "full", Job>;

const dockerfile = read("Dockerfile");
const { services, volumes } = parse(read("docker-compose.yml"), { merge: true }) as {
  services: Services;
  volumes: object;
};
const { jobs, permissions } = parse(read(".github/workflows/ci.yml")) as { jobs: Jobs; permissions: object };

/** A value as compose reads it where the environment sets nothing: `${NAME:-default}` is its default. */
const byDefault = (text: string) => text.replace(/\$\{\w+:-([^}]*)\}/g, "$1");

function defaultsOf(service: Service): Record<string, string> {
  return Object.fromEntries(Object.entries(service.environment).map(([name, value]) => [name, byDefault(value)]));
}

describe("images", () => {
  const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? "");
  const images = [
    ...stages,
    ...Object.values(services).flatMap(({ image }) => image ?? []),
    ...Object.values(jobs).flatMap(({ container }) => container ?? []),
    ...Object.values(jobs).flatMap((job) => Object.values(job.services ?? {}).map(({ image }) => image)),
  ];

  test("are found in all three files", () => {
    expect(images).toHaveLength(10);
  });

  test.each(images)("%s names a version", (image) => {
    expect(image).toMatch(/^[\w./-]+:\D*\d+\.\d+/);
  });

  test("the database that CI tests against is the one that compose starts", () => {
    expect(jobs.timescaledb.services?.database?.image).toBe(services.database.image);
  });

  test("all stages of ours and the container of CI run the same Node", () => {
    const node = stages.map((image) => image.replace("-slim", ""));
    expect(new Set([...node, jobs.test.container])).toHaveProperty("size", 1);
  });
});

describe("docker-compose.yml", () => {
  test("gives Tripgrid only settings that it knows", () => {
    expect(SETTING_NAMES).toEqual(expect.arrayContaining(Object.keys(services.tripgrid.environment)));
  });

  test("passes each setting on under its own name, not set by default", () => {
    for (const [name, value] of Object.entries(services.tripgrid.environment)) {
      // Grafana connects as that role.
      const own: Record<string, string> = {
        ...{ TRIPGRID_BI_ROLE: "tripgrid_bi", TRIPGRID_BI_PASSWORD: "tripgrid_bi" },
        // nginx and Prometheus rely on these.
        ...{ TRIPGRID_DRAIN_S: "5", TRIPGRID_METRICS_PORT: "9464", TRIPGRID_TRUSTED_PROXIES: "172.30.77.10" },
      };
      if (name !== "DATABASE_URL") expect(value).toBe(`\${${name}:-${own[name] ?? ""}}`);
    }
  });

  test("its defaults are valid settings and lead to its own database", () => {
    const { databaseUrl = "" } = readConfig(defaultsOf(services.tripgrid));
    const { POSTGRES_DB, POSTGRES_PASSWORD } = defaultsOf(services.database);
    const url = new URL(databaseUrl);
    expect(url.hostname in services).toBe(true);
    expect([url.username, url.password, url.pathname]).toEqual(["postgres", POSTGRES_PASSWORD, `/${POSTGRES_DB}`]);
    expect(services.database.healthcheck.test).toContain(`--dbname=${POSTGRES_DB}`);
  });

  test("a password of one's own reaches both", () => {
    const given = services.database.environment.POSTGRES_PASSWORD;
    expect(given).toMatch(/^\$\{POSTGRES_PASSWORD:-\w+\}$/);
    expect(services.tripgrid.environment.DATABASE_URL).toContain(`:${given}@`);
  });

  test("Tripgrid waits until the database is healthy", () => {
    expect(services.tripgrid.depends_on?.database?.condition).toBe("service_healthy");
  });

  test("nothing is reachable from other machines, but for nginx if it is asked for", () => {
    const { nginx, ...others } = services;
    const ports = Object.values(others).flatMap((service) => service.ports.map(byDefault));
    const local = ["127.0.0.1:5433:5432", "127.0.0.1:8080:8080", "127.0.0.1:9090:9090", "127.0.0.1:3000:3000"];
    local.push("127.0.0.1:9094:9094");
    expect(ports).toEqual(local);
    expect([nginx.profiles, nginx.ports.map(byDefault)]).toEqual([["tls"], ["80:80", "443:443"]]);
  });

  test("nginx has two equal processes behind it, which believe its word about clients", () => {
    const { profiles, ports, ...second } = services["tripgrid-2"];
    const { ports: _, ...first } = services.tripgrid;
    expect([second, profiles, ports]).toEqual([first, ["tls"], []]);
    const { nginx } = services;
    expect(defaultsOf(services.tripgrid).TRIPGRID_TRUSTED_PROXIES).toBe(nginx.networks?.default.ipv4_address);
    const upstreams = read("deploy/nginx/upstreams-compose.conf").match(/(?<=^server )[\w-]+/gm);
    expect(upstreams).toEqual(Object.keys(nginx.depends_on ?? {}));
  });

  test("nginx and Prometheus are given files that exist, to read only, or folders of the operator's", () => {
    const mounts = [...(services.nginx.volumes ?? []), ...(services.prometheus.volumes ?? [])].map(byDefault);
    const ours = mounts.filter((one) => one.startsWith("./deploy/") && !/\/(tls|acme):/.test(one));
    expect(ours).toHaveLength(3);
    for (const one of ours) {
      expect(one).toMatch(/:ro$/);
      expect(existsSync(new URL(`../../${one.split(":")[0]}`, import.meta.url))).toBe(true);
    }
    expect(read("deploy/prometheus/prometheus.yml")).toContain("names: [tripgrid, tripgrid-2]");
    const port = defaultsOf(services.tripgrid).TRIPGRID_METRICS_PORT;
    expect(read("deploy/prometheus/prometheus.yml")).toContain(`port: ${port}`);
  });

  test("the database's folder is a named volume", () => {
    expect(services.database.volumes).toEqual(["database:/home/postgres/pgdata/data"]);
    expect(volumes).toHaveProperty("database");
  });

  test("asks the image's own question after its health", () => {
    const [, inImage = "[]"] = /^HEALTHCHECK[^[]*(\[.*\])$/m.exec(dockerfile) ?? [];
    const [, ...command] = services.tripgrid.healthcheck.test;
    const asked = (JSON.parse(inImage) as string[]).map((part) => part.replace(":' + process.env.PORT + '", ":8080"));
    expect(command).toEqual(asked);
  });
});

describe("Kafka", () => {
  const { kafka } = services;

  test("starts only with its profile", () => {
    expect(kafka.profiles).toEqual(["broker"]);
  });

  test("is healthy once the topics exist, which a file of ours makes", () => {
    const [from = "", to, how] = kafka.volumes?.find((one) => one.startsWith("./"))?.split(":") ?? [];
    expect(kafka.healthcheck.test.at(-1)).toBe(to);
    expect(how).toBe("ro");
    for (const topic of ["trips", "trips.rejected"]) expect(read(from)).toContain(` ${topic} `);
  });

  test("is where the pages say that the service finds it", () => {
    const url = "kafka://kafka:9092";
    expect(kafka.environment.KAFKA_ADVERTISED_LISTENERS).toContain("INSIDE://kafka:9092");
    expect(read("docs/broker.md")).toContain(`TRIPGRID_BROKER_URL=${url} `);
    expect(readConfig({ TRIPGRID_BROKER_URL: url }).brokerUrl).toBe(url);
  });
});

describe("Grafana", () => {
  const { grafana } = services;
  const mounts = (grafana.volumes ?? []).filter((one) => one.startsWith("./")).map((one) => one.split(":"));

  test("is given files that exist, to read only", () => {
    expect(mounts.length).toBeGreaterThan(0);
    for (const [from = "", , how] of mounts) {
      expect(existsSync(new URL(`../../${from}`, import.meta.url))).toBe(true);
      expect(how).toBe("ro");
    }
  });

  /** A file of the container, as it lies here. */
  const mounted = (path: string): string => {
    const [from = "", to = ""] = mounts.find(([, to = ""]) => path.startsWith(`${to}/`)) ?? [];
    return read(path.replace(to, from));
  };

  test("connects to the database of Tripgrid as the role that Tripgrid makes, with the same password", () => {
    const { datasources } = parse(mounted("/etc/grafana/provisioning/datasources/tripgrid.yml"));
    const [{ uid, url, user, jsonData, secureJsonData }] = datasources;
    expect([uid, url, jsonData.database]).toEqual([
      "tripgrid",
      "database:5432",
      services.database.environment.POSTGRES_DB,
    ]);
    expect([user, secureJsonData.password]).toEqual(["$__env{TRIPGRID_BI_ROLE}", "$__env{TRIPGRID_BI_PASSWORD}"]);
    for (const name of ["TRIPGRID_BI_ROLE", "TRIPGRID_BI_PASSWORD"]) {
      expect(grafana.environment[name]).toBe(services.tripgrid.environment[name]);
    }
  });

  test("finds its dashboard, also as its first page", () => {
    const { providers } = parse(mounted("/etc/grafana/provisioning/dashboards/tripgrid.yml"));
    const home = grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? "";
    expect(home.startsWith(`${providers[0].options.path}/`)).toBe(true);
    expect(JSON.parse(mounted(home))).toMatchObject({ uid: "tripgrid", title: "Tripgrid" });
  });

  test("lets nobody in without a password, waits for Tripgrid, and is asked after its health", () => {
    expect(grafana.environment).not.toHaveProperty("GF_AUTH_ANONYMOUS_ENABLED");
    expect(grafana.environment.GF_SECURITY_ADMIN_PASSWORD).toMatch(/^\$\{GRAFANA_PASSWORD:-\w+\}$/);
    expect(grafana.depends_on?.tripgrid?.condition).toBe("service_healthy");
    expect(grafana.healthcheck.test.at(-1)).toMatch(/:3000\/api\/health$/);
    expect(volumes).toHaveProperty("grafana");
  });
});

describe("ci.yml", () => {
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  test("may only read, and every job ends in time", () => {
    expect(permissions).toEqual({ contents: "read" });
    const { full, ...others } = jobs;
    expect(Object.values(others).filter((job) => !(job["timeout-minutes"] <= 30))).toEqual([]);
    // Six hours is as long as a job may take there.
    expect(full["timeout-minutes"]).toBeLessThan(360);
  });

  test("actions are pinned to a major version", () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
  });

  test("the job on TimescaleDB fails if it is not there", () => {
    const env = jobs.timescaledb.steps.find(({ run }) => run?.endsWith("--project timescaledb"))?.env;
    expect(env?.TRIPGRID_TEST_REQUIRE?.split(",")).toContain("timescaledb");
    expect(env?.TRIPGRID_TEST_TIMESCALEDB_URL).toMatch(/^postgres:\/\/postgres:password@localhost:5432\//);
  });

  test("every row of the posted file is a trip, and the job expects as many", async () => {
    const { TRIPS = "", URL: url = "" } = jobs.compose.env ?? {};
    const batch = await ingested(read(TRIPS));
    expect(batch.rejected).toEqual([]);
    expect(batch.mapping).toBe("native");
    expect(new Set(batch.trips.map(({ trip }) => `${trip.source} ${trip.tripId}`))).toHaveProperty("size", 10);
    expect(batch.trips.filter(({ trip }) => trip.region === undefined)).toEqual([]);

    const script = jobs.compose.steps.map(({ run = "" }) => run).join("\n");
    expect(script).toContain('"@$TRIPS"');
    expect(script).toContain(`.inserted == ${batch.trips.length}`);
    expect(script.match(/\.total == \d+/g)).toEqual(Array(2).fill(`.total == ${batch.trips.length}`));
    expect(new URL(url).host).toBe("127.0.0.1:8080");
  });
});

/** What would be stored of a CSV, read as the service reads it. */
async function ingested(csv: string): Promise<Batch> {
  const { batch } = await takenIn(csv, { contentType: "text/csv" }, { minTime: readConfig({}).minTime });
  if (!batch) throw new Error("it was queued");
  return batch;
}
