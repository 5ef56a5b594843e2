/** A file of the explorer as it was built. */
export interface BuiltFile {
  contentType: string;
  /** A tag of its content. */
  etag: string;
  /** The content in the encodings that it was packed in, smallest first, and as it is. */
  content: ReadonlyMap<Encoding, Buffer<ArrayBuffer>>;
}

export type Encoding = "br" | "gzip" | "identity";

/** The page with all that it loads from this service. */
export interface Explorer {
  /** The page itself. Undefined: the explorer was not built. */
  page: { html: string; etag: string } | undefined;
  /** The Content-Security-Policy of the page and of its workers, which follow the one that they come with. */
  policy: string;
  /** What the page loads, by name. A name changes with the content. */
  assets: ReadonlyMap<string, BuiltFile>;
}

const MARKER = '<meta name="map-style" content="" />';

/** The page with the address of the operator's map in it. */
export const withMapStyle = (html: string, mapStyle = ""): string =>
  html.replace(MARKER, MARKER.replace('""', `"${mapStyle.replaceAll("&", "&amp;")}"`));

/**
 * The Content-Security-Policy of the page: scripts, workers and styles of this service alone, and data of this service
 * and of the operator's map.
 */
export function policyOf(mapStyle: string | undefined, mapOrigins: readonly string[] = []): string {
  const own = mapStyle?.startsWith("http") ? [new URL(mapStyle).origin] : [];
  const from = ["'self'", ...new Set([...own, ...mapOrigins])].join(" ");
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    `img-src ${from} data: blob:`,
    `connect-src ${from}`,
    `font-src ${from}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The encoding to answer with, by `Accept-Encoding`: the smallest one that the client takes. */
export function encodingFor(accepted: string | undefined, available: Iterable<Encoding>): Encoding {
  const refused = /;\s*q=0(\.0*)?$/;
  const taken = (accepted ?? "")
    .split(",")
    .map((one) => one.trim().toLowerCase())
    .filter((one) => !refused.test(one));
  const names = new Set(taken.map((one) => one.split(";", 1)[0]));
  return [...available].find((one) => names.has(one)) ?? "identity";
}

/** Whether a client asks for a page, as browsers do, and not for whatever there is. */
export const wantsPage = (accept: string | undefined): boolean => /\btext\/html\b/.test(accept ?? "");
