import { gzipSync } from "node:zlib";
import { circle, star } from "./areas.ts";
import type { Random } from "./random.ts";

const KB = 1024;
const MB = 1024 * KB;

/** Made once: what is sent thousands of times must not cost the sender more than the service. */
const kept = new Map<string, Buffer>();
function keep(name: string, make: () => string | Buffer): Buffer {
  const known = kept.get(name) ?? Buffer.from(make());
  kept.set(name, known);
  return known;
}

const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(",")}}`;
const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

const TRIP = '{"source":"hostile","started_at":"2024-05-21T08:00:00","origin":[7.67,45.05]}';
const wrong = ["null", "true", "0", '""', "[]", "{}", "[[]]", '"x"', "1e999", "-0", '{"__proto__":{"a":1}}', "[null]"];

/** Members that rows and questions have, whether the description of an address names them or not. */
const MEMBERS = ["trip_id", "started_at", "origin", "destination", "geometry", "path", "region", "area", "boundary"];
/** What a reader of texts may take for the beginning of something, and goes on to read. */
const HEADS = ["", "LINESTRING", "POINT", "POLYGON((", "SRID=4326;", "2024-05-21", "45", "("];
const REPEATED = [" ", "1", "a", "[", "\t", "1 ", "1,234", "z  ", "a."];

/** A text that an expression which goes back for each of its characters would search for hours. */
function longText(random: Random): string {
  const part = random.pick(REPEATED);
  return `${random.pick(HEADS)}${part.repeat((400 * KB) / part.length)}!`;
}

const manyFields = (row: number) => Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`${row} ${i}`, i]));

type Make = (random: Random, members: readonly string[]) => string | Buffer;

/** Bodies that no client in good faith sends; each is named by what is wrong with it. */
const BODIES: Record<string, Make> = {
  empty: () => "",
  "of a wrong type": (random) => random.pick(wrong),
  "with members of wrong types": (random) =>
    `{${["area", "by", "where", "path", "boundary", "mapping", "source", "origin", "fields", "limit", "time_zone"]
      .filter(() => random.chance(0.4))
      .map((name) => `"${name}":${random.pick(wrong)}`)
      .join(",")}}`,
  "cut short": (random) => TRIP.slice(0, random.int(TRIP.length)),
  "one good trip": () => TRIP,
  "random bytes": (random) => Buffer.from(Array.from({ length: random.int(2000) }, () => random.int(256))),
  "not UTF-8": () => Buffer.from('{"by":["\xff\xfe\xc0"]}', "latin1"),
  "zero bytes": () => Buffer.alloc(4096),
  "wide: many keys": (random) => keep(`keys ${random.int(2)}`, () => keys(20_000)),
  "wide: a CSV row": () => keep("row", () => `source,started_at,origin_lon,origin_lat\n${",".repeat(300_000)}\n`),
  "wide: a CSV header": () => keep("header", () => `${"c,".repeat(50_000)}c\n1,2\n`),
  "deep: arrays": () => keep("arrays", () => nested("[", "]", 50_000)),
  "deep: objects": () => keep("objects", () => nested('{"a":', "}", 20_000).replace(":}", ":1}")),
  "long: a string": () => keep("string", () => `{"source":"${"s".repeat(MB)}"}`),
  "long: a number": () => keep("number", () => `{"limit":${"9".repeat(300_000)}}`),
  "long: the text of a member": (random, members) =>
    JSON.stringify({ ...JSON.parse(TRIP), [random.pick([...members, ...MEMBERS])]: longText(random) }),
  "long: a cell": (random, members) => {
    const name = random.pick([...members, ...MEMBERS]);
    return `source,${name === "started_at" ? "" : "started_at,"}${name}\nhostile,"${longText(random)}"\n`;
  },
  "long: a column's name": (random) => `source,"${longText(random)}"\nhostile,1\n`,
  "many: fields of a form": () => keep("form", () => Array.from({ length: 100_000 }, (_, i) => `f${i}=`).join("&")),
  "many: columns of times": () =>
    keep("times", () => `${"start_time,".repeat(300)}x\n${`${"1/2/2018 1:00,".repeat(300)}1\n`.repeat(100)}`),
  "many: rows with fields of their own": () =>
    keep("fields", () => JSON.stringify(Array.from({ length: 60 }, (_, row) => manyFields(row)))),
  "long: an array": () => keep("array", () => `[${"0,".repeat(200_000)}0]`),
  "long: empty lines": () => keep("lines", () => "\n".repeat(2 * MB)),
  "long: one quote that is never closed": () => keep("quote", () => `a,b\n"${"x".repeat(MB)}`),
  "repeated: a name": () => keep("names", () => `{${'"area":1,'.repeat(20_000)}"area":1}`),
  "repeated: a trip": () => keep("trips", () => `[${`${TRIP},`.repeat(300)}${TRIP}]`),
  "repeated: empty rows": () => keep("rows", () => "{}\n".repeat(3000)),
  "a ragged area": () => keep("star", () => JSON.stringify({ area: star(2000) })),
  "an area that crosses itself": () => '{"area":{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}}',
  "an area without end": () =>
    '{"area":{"type":"Polygon","coordinates":[[[1e308,1e308],[-1e308,0],[0,1],[1e308,1e308]]]}}',
  "an area of too many vertices": () => keep("circle", () => JSON.stringify({ area: circle(60_000) })),
  "a very large body": () => keep("large", () => `{"area":[${"[1,2],".repeat(1_000_000)}[1,2]]}`),
};

/** What unpacks to about a thousand times as much. */
const PACKED: Record<string, () => string | Buffer> = {
  "packed: spaces": () => " ".repeat(20 * MB),
  "packed: an array": () => `[${"0,".repeat(2 * MB)}0]`,
  "packed: empty rows": () => "{}\n".repeat(20_000),
  "packed: a wide row": () => `a,b\n${",".repeat(4 * MB)}\n`,
  "packed: a string": () => `"${"a".repeat(8 * MB)}"`,
};

export interface HostileBody {
  name: string;
  bytes: Buffer;
  packed: boolean;
}

/** @param members the names that the description of an address gives what it takes */
export function hostileBody(random: Random, members: readonly string[]): HostileBody {
  if (random.chance(0.15)) {
    const name = random.pick(Object.keys(PACKED));
    const whole = keep(name, () => gzipSync(PACKED[name]?.() ?? ""));
    const isCut = random.chance(0.2);
    return {
      name: isCut ? `${name}, cut` : name,
      bytes: isCut ? whole.subarray(0, whole.length / 2) : whole,
      packed: true,
    };
  }
  const name = random.pick(Object.keys(BODIES));
  return { name, bytes: Buffer.from(BODIES[name]?.(random, members) ?? ""), packed: random.chance(0.05) };
}
