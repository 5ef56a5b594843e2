/**
 * Draws which room imports which into docs/architecture.md, from what dependency-cruiser finds in `src/`. An arrow is
 * left out if the same room is reached by other arrows. `npm run generate` runs this, and a test compares the picture.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = resolve(import.meta.dirname, "..");
const PAGE = join(PROJECT, "docs/architecture.md");
const PLACE = /(<!-- not run: a picture that docs\/room-graph\.mjs draws -->\n)[\s\S]*?(<!-- end of rooms -->)/;

/** @returns {Map<string, Set<string>>} the rooms that each room imports */
function importsOfRooms() {
  const options = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "src"];
  const depcruise = join(PROJECT, "node_modules/.bin/depcruise");
  const { stdout } = spawnSync(depcruise, options, { cwd: PROJECT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  /** @type {{ modules: { source: string, dependencies: { resolved: string }[] }[] }} */
  const { modules } = JSON.parse(stdout);
  const imports = new Map();
  for (const { source, dependencies } of modules) {
    const room = roomOf(source);
    if (!room) continue;
    const all = imports.get(room) ?? new Set();
    imports.set(room, all);
    for (const { resolved } of dependencies) {
      const other = roomOf(resolved);
      if (other && other !== room) all.add(other);
    }
  }
  return imports;
}

/** @param {string} path */
const roomOf = (path) => /^src\/([^/]+)\//.exec(path)?.[1];

/** The picture as Mermaid text. The rooms' imports have no circles, which `npm run check` holds. */
export function roomGraph() {
  const imports = importsOfRooms();
  /** @type {(from: string) => Set<string>} */
  const reached = (from) => new Set([...(imports.get(from) ?? [])].flatMap((room) => [room, ...reached(room)]));
  const arrows = [...imports].sort(byName).flatMap(([room, all]) => {
    const indirect = new Set([...all].flatMap((other) => [...reached(other)]));
    return [...all]
      .filter((other) => !indirect.has(other))
      .sort()
      .map((other) => `  ${room} --> ${other}`);
  });
  return ["```mermaid", "graph TD", ...arrows, "```"].join("\n");
}

/** @type {(a: [string, unknown], b: [string, unknown]) => number} */
const byName = ([a], [b]) => (a < b ? -1 : 1);

/** The picture that stands in docs/architecture.md. */
export const drawnGraph = () => PLACE.exec(readFileSync(PAGE, "utf8"))?.[0].split("\n").slice(1, -1).join("\n");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(PLACE, (_, begin, end) => `${begin}${roomGraph()}\n${end}`),
  );
}
