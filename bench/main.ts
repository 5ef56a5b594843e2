/** `npm run bench -- NAME [options]`: measures one question; each answers in a file of its name. */
const BENCHES: Record<string, () => Promise<{ run(args: string[]): Promise<void> }>> = {
  alerts: () => import("./alerts/alerts.ts"),
  areas: () => import("./areas/areas.ts"),
  attacks: () => import("./attacks/attacks.ts"),
  auth: () => import("./auth/auth.ts"),
  broker: () => import("./broker/broker.ts"),
  clusters: () => import("./clusters/clusters.ts"),
  detections: () => import("./detections/detections.ts"),
  explorer: () => import("./explorer/explorer.ts"),
  export: () => import("./export/export.ts"),
  ingest: () => import("./ingest/ingest.ts"),
  plot: () => import("./plot.ts"),
  quarters: () => import("./areas/quarters.ts"),
  tiles: () => import("./tiles/tiles.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
try {
  const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!load) throw new RangeError(`usage: npm run bench -- NAME [options], NAME: ${Object.keys(BENCHES).join(", ")}`);
  await (await load()).run(args);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof RangeError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
