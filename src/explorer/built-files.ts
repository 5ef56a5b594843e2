import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { type BuiltFile, type Encoding, type Explorer, policyOf, withMapStyle } from "./explorer.ts";
import type { MapConfig } from "./explorer-settings.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};
/** The endings of packed files, smallest first. */
const PACKED: [Encoding, string][] = [
  ["br", ".br"],
  ["gzip", ".gz"],
];

/**
 * Finds what `build.mjs` made of `web/`. The page and what it loads are
 * kept in memory, about 6 MB: a later build may remove files that this page still names.
 *
 * @param folder `dist/web`
 */
export function readExplorer(folder: string, { mapStyle, mapOrigins }: MapConfig): Explorer {
  const file = join(folder, "index.html");
  const policy = policyOf(mapStyle, mapOrigins);
  if (!existsSync(file)) return { page: undefined, policy, assets: new Map() };
  const html = withMapStyle(readFileSync(file, "utf8"), mapStyle);
  const assets = join(folder, "assets");
  const names = new Set(readdirSync(assets));
  const built = [...names].flatMap((name) => {
    const contentType = TYPES[extname(name)];
    return contentType === undefined
      ? []
      : ([[name, builtFile(join(assets, name), name, contentType, names)]] as const);
  });
  return { page: { html, etag: etagOf(html) }, policy, assets: new Map(built) };
}

function builtFile(path: string, name: string, contentType: string, names: ReadonlySet<string>): BuiltFile {
  const packed = PACKED.filter(([, ending]) => names.has(`${name}${ending}`));
  const all: typeof PACKED = [...packed, ["identity", ""]];
  return {
    contentType,
    // The name has a hash of the content.
    etag: `"${name}"`,
    content: new Map(all.map(([encoding, ending]) => [encoding, readFileSync(`${path}${ending}`)])),
  };
}

const etagOf = (text: string): string => `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
