import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { PROJECT_DIR } from "../kit/project.ts";

const PACKAGE = "@electric-sql/pglite-postgis";
/** Tar archives consist of blocks of this size. */
const BLOCK = 512;
/** Folders, the geometry library, the script that creates it, and the data of PROJ. */
const NEEDED =
  /(\/|^lib\/postgresql\/postgis-3\.so|^share\/postgresql\/extension\/postgis(\.control|--[\d.]+\.sql)|^share\/proj\/.*)$/;

const { dependencies } = JSON.parse(readFileSync(join(PROJECT_DIR, "package.json"), "utf8"));
const PATH = join(PROJECT_DIR, "dist", `postgis-${dependencies[PACKAGE].replaceAll(".", "-")}`);

/** The path of the embedded engine's PostGIS without rasters and topologies. Undefined: no build has made it. */
export const postgisBundle = (): string | undefined => (existsSync(PATH) ? PATH : undefined);

/**
 * Makes a copy of the PostGIS of the embedded engine that lacks rasters, topologies and upgrades. The engine unpacks and
 * compiles all of it at each start, and Tripgrid uses none of these: a start takes 4 s of processor time, and took 7 s.
 */
export function makePostgisBundle(): void {
  if (existsSync(PATH)) return;
  const whole = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), "postgis.tar.gz");
  const part = `${PATH}-${process.pid}`;
  try {
    writeFileSync(part, gzipSync(withoutOthers(gunzipSync(readFileSync(whole)))));
    renameSync(part, PATH);
  } finally {
    rmSync(part, { force: true });
  }
}

/** The tar archive with the needed files alone. An entry is a block with its name and size, and the blocks of its content. */
function withoutOthers(tar: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 136), 8);
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (NEEDED.test(name)) kept.push(tar.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...kept, Buffer.alloc(2 * BLOCK)]);
}
