/** The rooms of `src/`, lowest first. A room imports only from those before it; docs/architecture.md says what each is for. */
const ROOMS = [
  ...["kit", "database", "time", "geo", "text", "weekly-averages", "trips", "batches", "callbacks", "clusters"],
  ...[
    "rollups",
    "lookups",
    "mappings",
    "parsing",
    "containers",
    "suggestions",
    "storage",
    "messaging",
    "ingest",
    "broker",
  ],
  ...[
    "corrections",
    "imports",
    "queries",
    "detections",
    "regions",
    "ogc",
    "tiles",
    "export",
    "explorer",
    "demo",
    "bi",
    "events",
    "alerts",
    "audit",
    "auth",
    "monitoring",
    "edge",
    "exercises",
  ],
];

/** Above all rooms. The wiring files of a room may know what all rooms are wired with. */
const ABOVE = "^src/(app|service|main|cli|wiring|config)\\.ts$|^src/cli/";

const downwards = ROOMS.map((room, i) => ({
  name: `${room}-imports-downwards`,
  comment: "A room imports only from the rooms before it in the list of .dependency-cruiser.mjs.",
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${[...ROOMS.slice(i + 1), "cli"].join("|")})/` },
}));

export default {
  forbidden: [
    ...downwards,
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "rooms-know-nothing-above",
      comment: "app.ts, service.ts and the settings know the rooms, not the other way round.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: "\\.wiring\\.ts$|^src/cli/" },
      to: { path: ABOVE },
    },
    {
      name: "http-knows-no-database",
      comment: "A *.http.ts is given functions by the wiring.",
      severity: "error",
      from: { path: "\\.http\\.ts$" },
      to: { path: "\\.db\\.ts$|^src/database/|(^|/)node_modules/(postgres|kysely)/" },
    },
    {
      name: "database-knows-no-http",
      comment: "A *.db.ts makes typed calls; what a reply looks like is not its matter.",
      severity: "error",
      from: { path: "\\.db\\.ts$|^src/database/" },
      to: { path: "\\.http\\.ts$|(^|/)node_modules/(hono|@hono)/" },
    },
    {
      name: "words-know-neither",
      comment: "A file without a suffix holds words and rules: no HTTP, no SQL.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: "\\.(http|db|wiring)\\.ts$|^src/(database|cli|demo)/" },
      to: { path: "\\.(http|db)\\.ts$|^src/database/|(^|/)node_modules/(hono|@hono|postgres|kysely)/" },
    },
    {
      name: "words-do-no-io",
      comment: "What these rooms know does not depend on files, networks or processes.",
      severity: "error",
      from: {
        path: "^src/(time|geo|weekly-averages|trips|batches|clusters|rollups|mappings|parsing|queries|regions)/",
        pathNot: "\\.(http|db|wiring)\\.ts$",
      },
      to: { dependencyTypes: ["core"], path: "^(node:)?(fs|net|http|https|child_process|worker_threads)" },
    },
    {
      name: "only-wiring-is-wired",
      comment: "A room's wiring is called by service.ts and by other wiring.",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.wiring\\.ts$|^src/service\\.ts$" },
      to: { path: "\\.wiring\\.ts$" },
    },
    {
      name: "nothing-unresolved",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    parser: "swc",
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"] },
  },
};
