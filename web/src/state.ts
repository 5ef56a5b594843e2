import type { Position } from "geojson";
import { type Area, type Box, polygonsOf } from "./area.ts";

export const MATCHES = ["origin", "destination", "both", "either"] as const;
export type Match = (typeof MATCHES)[number];
export const SHOWN = ["cells", "regions", "clusters", "hotspots"] as const;
export type Shown = (typeof SHOWN)[number];
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Which trips are counted. Hours are 0 to 23, days 1 (Monday) to 7; empty lists stand for all. Dates are local. */
export interface Filters {
  source: string | undefined;
  from: string | undefined;
  to: string | undefined;
  hours: readonly number[];
  days: readonly number[];
  match: Match;
}

export interface View {
  lon: number;
  lat: number;
  zoom: number;
}

/** All that the page shows, and that its address holds. */
export interface State {
  area: Area | undefined;
  filters: Filters;
  /** The layer of the map. */
  show: Shown;
  /** Undefined: the map is fitted to the data. */
  view: View | undefined;
}

export const NO_FILTERS: Filters = {
  ...{ source: undefined, from: undefined, to: undefined },
  ...{ hours: [], days: [], match: "origin" },
};
export const START: State = { area: undefined, filters: NO_FILTERS, show: "cells", view: undefined };

/** Numbers as the API takes them: `[7, 8, 9, 17]` is `7-9,17`. */
export function rangesOf(numbers: readonly number[], name = String as (n: number) => string): string {
  const runs: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? name(from) : `${name(from)}-${name(to)}`)).join(",");
}

export const hoursText = (hours: readonly number[]): string => rangesOf(hours);
export const daysText = (days: readonly number[]): string => rangesOf(days, (day) => DAYS[day - 1] ?? "");

/** The numbers of such a text that lie within the limits. */
function numbersOf(text: string | null, read: (word: string) => number, [least, most]: [number, number]): number[] {
  const all = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const [from = Number.NaN, to = from] = part.split("-").map(read);
    for (let n = from; n >= least && n <= to && n <= most; n++) all.add(n);
  }
  return [...all].sort((a, b) => a - b);
}

/** The state as the part of an address after `#`. What is as at the start is left out. */
export function toHash({ area, filters, show, view }: State): string {
  const all: [string, string | undefined][] = [
    ["area", area && areaText(area)],
    ["source", filters.source],
    ["from", filters.from],
    ["to", filters.to],
    ["hours", hoursText(filters.hours)],
    ["days", daysText(filters.days)],
    ["match", filters.match === NO_FILTERS.match ? undefined : filters.match],
    ["show", show === START.show ? undefined : show],
    ["map", view && `${view.zoom.toFixed(2)}/${view.lat.toFixed(5)}/${view.lon.toFixed(5)}`],
  ];
  const given = all.filter((one): one is [string, string] => one[1] !== undefined && one[1] !== "");
  // These signs are allowed in a fragment, and an address without percent signs can be read.
  return given
    .map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%(2C|3A|3B|2F|20)/g, plain)}`)
    .join("&");
}

const plain = (escaped: string) => (escaped === "%20" ? "+" : decodeURIComponent(escaped));

/** The state of an address. What cannot be read is as at the start. */
export function fromHash(hash: string): State {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (key: string) => given.get(key) || undefined;
  const date = (key: string) => (/^\d{4}-\d\d-\d\d$/.test(given.get(key) ?? "") ? text(key) : undefined);
  const one = <T extends string>(key: string, of: readonly T[], otherwise: T): T =>
    of.find((value) => value === given.get(key)) ?? otherwise;
  return {
    area: areaFrom(given.get("area") ?? ""),
    filters: {
      source: text("source"),
      from: date("from"),
      to: date("to"),
      hours: numbersOf(given.get("hours"), (word) => (/^\d+$/.test(word) ? Number(word) : Number.NaN), [0, 23]),
      days: numbersOf(given.get("days"), (word) => DAYS.indexOf(word as (typeof DAYS)[number]) + 1, [1, 7]),
      match: one("match", MATCHES, NO_FILTERS.match),
    },
    show: one("show", SHOWN, START.show),
    view: viewFrom(given.get("map") ?? ""),
  };
}

function viewFrom(text: string): View | undefined {
  const [zoom = Number.NaN, lat = Number.NaN, lon = Number.NaN] = text.split("/").map(Number);
  const isView = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 90 && Math.abs(lon) <= 540;
  return isView ? { zoom, lat, lon } : undefined;
}

/** An area as text: its kind, a colon, and its numbers or name. Rings are parted by `;`, polygons by `;;`. */
function areaText(area: Area): string {
  if (area.kind === "bbox") return `bbox:${area.bbox.join(",")}`;
  if (area.kind === "circle") return `circle:${[...area.center, area.radiusM].join(",")}`;
  if (area.kind !== "shape") return `${area.kind}:${area.name}`;
  return `shape:${polygonsOf(area.shape)
    .map((rings) => rings.map((ring) => ring.flat().join(",")).join(";"))
    .join(";;")}`;
}

function areaFrom(text: string): Area | undefined {
  const colon = text.indexOf(":");
  const [kind, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  if ((kind === "boundary" || kind === "region") && rest !== "") return { kind, name: rest };
  const numbers = rest.split(",").map(Number);
  if (kind === "bbox" && numbers.length === 4 && numbers.every(Number.isFinite)) return { kind, bbox: numbers as Box };
  const [lon = 0, lat = 0, radiusM = 0] = numbers;
  if (kind === "circle" && numbers.length === 3 && radiusM > 0) return { kind, center: [lon, lat], radiusM };
  return kind === "shape" ? shapeFrom(rest) : undefined;
}

function shapeFrom(text: string): Area | undefined {
  const polygons = text.split(";;").map((rings) => rings.split(";").map(ringFrom));
  if (!polygons.flat().every((ring) => ring.length >= 4 && ring.flat().every(Number.isFinite))) return undefined;
  const [first] = polygons;
  if (polygons.length === 1 && first) return { kind: "shape", shape: { type: "Polygon", coordinates: first } };
  return { kind: "shape", shape: { type: "MultiPolygon", coordinates: polygons } };
}

function ringFrom(text: string): Position[] {
  const numbers = text.split(",").map(Number);
  return Array.from({ length: Math.floor(numbers.length / 2) }, (_, i) => numbers.slice(2 * i, 2 * i + 2));
}
