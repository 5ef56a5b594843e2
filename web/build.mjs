import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** Files that are packed already, or so small that packing saves nothing. */
const LEAST_PACKED_BYTES = 512;
/** Keeps the digest of the sources from which a build was made. */
const SOURCES = ".sources";

/**
 * Bundles the explorer, and packs its files as browsers take them. A build of the same sources is left as it is. Without
 * Vite, which is a dependency of the development, an earlier build stays.
 *
 * @param {string} web the sources
 * @param {string} out where the page and `assets/` are written
 */
export async function buildExplorer(web, out) {
  const digest = digestOf(web);
  if (existsSync(join(out, SOURCES)) && readFileSync(join(out, SOURCES), "utf8") === digest) return;
  const vite = await import("vite").catch(() => undefined);
  if (!vite) {
    const isOld = existsSync(join(out, "index.html"));
    process.stdout.write(
      `The explorer is ${isOld ? "as it was built before" : "not built"}: npm ci installs what builds it.\n`,
    );
    return;
  }
  const built = await vite.build({ configFile: join(web, "vite.config.ts"), build: { write: false } });
  const { output } = /** @type {import("vite").Rolldown.RolldownOutput} */ (Array.isArray(built) ? built[0] : built);
  const files = new Map(output.map((one) => [one.fileName, Buffer.from(one.type === "chunk" ? one.code : one.source)]));
  const packed = await Promise.all([...files].filter(([name]) => name.startsWith("assets/")).map(pack));
  for (const [name, bytes] of packed.flat()) files.set(name, bytes);
  // The page last: it names all others.
  const page = files.get("index.html");
  files.delete("index.html");
  for (const [name, bytes] of files) write(join(out, name), bytes);
  if (page) write(join(out, "index.html"), page);
  for (const name of readdirSync(join(out, "assets")))
    if (!files.has(`assets/${name}`)) rmSync(join(out, "assets", name));
  write(join(out, SOURCES), Buffer.from(digest));
}

/**
 * The packed forms of a file.
 *
 * @param {[name: string, bytes: Buffer<ArrayBuffer>]} file
 * @returns {Promise<[name: string, bytes: Buffer<ArrayBuffer>][]>}
 */
async function pack([name, bytes]) {
  if (bytes.length < LEAST_PACKED_BYTES) return [];
  const params = { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [
    [`${name}.br`, await promisify(brotliCompress)(bytes, { params })],
    [`${name}.gz`, await promisify(gzip)(bytes, { level: 9 })],
  ];
}

/**
 * @param {string} path
 * @param {Buffer} bytes
 */
function write(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/**
 * A digest of the sources and of the versions of all packages.
 *
 * @param {string} web
 */
function digestOf(web) {
  const hash = createHash("sha256").update(readFileSync(join(web, "..", "package-lock.json")));
  const names = readdirSync(web, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of names.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(path.slice(web.length)).update(readFileSync(path));
  }
  return hash.digest("hex");
}
