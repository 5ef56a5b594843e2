import { type Box, polygonsOf } from "./area.ts";
import { daysText, type Filters, hoursText, type Shown, type State } from "./state.ts";

/** A request to the API. */
export interface Question {
  method: "GET" | "POST";
  path: string;
  /** Sent as JSON. */
  body?: Record<string, unknown>;
}

/** The filters as the API names them. Those that count everything are left out. */
export function filterParameters({ match, hours, days, ...rest }: Filters): Record<string, string> {
  const all = { ...rest, match: match === "origin" ? "" : match, hours: hoursText(hours), days: daysText(days) };
  return Object.fromEntries(Object.entries(all).filter((one): one is [string, string] => Boolean(one[1])));
}

const search = (parameters: Record<string, string>): string => {
  const text = new URLSearchParams(parameters).toString();
  return text === "" ? "" : `?${text}`;
};

/** A question about an area: by name where it has one, else with its shape in the body. */
function aboutArea(path: string, area: State["area"], parameters: Record<string, string>): Question {
  if (area?.kind === "shape") return { method: "POST", path, body: { area: area.shape, ...parameters } };
  const named: Record<string, string> = {};
  if (area?.kind === "bbox") named.bbox = area.bbox.join(",");
  if (area?.kind === "circle") named.circle = [...area.center, area.radiusM].join(",");
  if (area?.kind === "boundary") named.boundary = area.name;
  if (area?.kind === "region") named.region = area.name;
  return { method: "GET", path: `${path}${search({ ...named, ...parameters })}` };
}

/** The weekly average of the state's area. */
export const weeklyQuestion = ({ area, filters }: State, method: "exact" | "estimate"): Question =>
  aboutArea("/v1/weekly-averages", area, {
    ...filterParameters(filters),
    ...(method === "estimate" ? { method } : {}),
  });

/** The same over all weeks: the bars among which weeks are chosen. */
export const allWeeksQuestion = (state: State): Question =>
  weeklyQuestion({ ...state, filters: { ...state.filters, from: undefined, to: undefined } }, "exact");

/** All regions that have a boundary, with their averages, as GeoJSON. */
export const regionsQuestion = ({ filters }: State): Question => ({
  method: "POST",
  path: `/v1/weekly-averages/by-area${search({ boundaries: "*", format: "geojson", ...filterParameters(filters) })}`,
});

/** The biggest flows between cells, or between hot spots. Nothing answers `either`, which is taken for `origin`. */
export function flowsQuestion({ area, filters, show }: State): Question {
  const match = filters.match === "either" ? "origin" : filters.match;
  const isHot = show === "hotspots";
  const precision = area === undefined ? 5 : isHot ? 7 : 6;
  return aboutArea("/v1/clusters", area, {
    ...filterParameters({ ...filters, match }),
    ...(isHot && area !== undefined ? { group: "hotspots" } : {}),
    ...{ precision: String(precision), limit: "1000" },
  });
}

/** The address of the tiles of a layer. `{z}`, `{x}` and `{y}` stand for the tile. */
export const tilesAddress = (layer: string, { area, filters }: State): string =>
  `/tiles/${layer}/{z}/{x}/{y}.mvt${search({
    ...filterParameters(filters),
    ...(area?.kind === "region" ? { region: area.name } : {}),
  })}`;

export const isFlows = (show: Shown): show is "clusters" | "hotspots" => show === "clusters" || show === "hotspots";

/** What an area is called on the page. */
export function areaTitle(area: State["area"]): string {
  if (area === undefined) return "All trips";
  if (area.kind === "boundary" || area.kind === "region") return area.name;
  if (area.kind === "bbox") return "Drawn box";
  if (area.kind === "circle") return `Circle of ${(area.radiusM / 1000).toFixed(area.radiusM < 9950 ? 1 : 0)} km`;
  const polygons = polygonsOf(area.shape).length;
  return polygons === 1 ? "Drawn polygon" : `${polygons} polygons`;
}

/** What a file is made of: the cells of a view, all regions, or the trips of the area. */
export type ExportKind = "cells" | "regions" | "trips";

/**
 * The question whose answer is a file of GeoParquet.
 *
 * @param view the box that the map shows
 */
export function exportQuestion(kind: ExportKind, state: State, view: Box): Question {
  const { area, filters } = state;
  const format = { format: "geoparquet" };
  const region: Record<string, string> = area?.kind === "region" ? { region: area.name } : {};
  if (kind === "cells") {
    const parameters = { bbox: view.join(","), precision: "6", ...filterParameters(filters), ...region, ...format };
    return { method: "GET", path: `/v1/export/cells${search(parameters)}` };
  }
  if (kind === "regions") {
    const parameters = { boundaries: "*", ...filterParameters(filters), ...format };
    return { method: "POST", path: `/v1/export/by-area${search(parameters)}` };
  }
  const parameters = { ...filterParameters(filters), ...format };
  const shape = area?.kind === "shape" ? { area: JSON.stringify(area.shape) } : undefined;
  return shape
    ? { method: "GET", path: `/v1/export/trips${search({ ...shape, ...parameters })}` }
    : aboutArea("/v1/export/trips", area, parameters);
}

/** The sources with the most trips. */
export const sourcesQuestion: Question = {
  method: "POST",
  path: "/v1/query",
  body: { by: ["source"], order: ["-trips"], limit: 200 },
};
