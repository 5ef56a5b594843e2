import type { Feature } from "geojson";
import { shown } from "../kit/shown.ts";
import { checkVertices, invalidArea, type PolygonArea } from "./area.ts";
import { areaFromValue } from "./area-text.ts";

/** One of many areas: polygons with the feature that they came in. */
export interface AreaFeature {
  area: PolygonArea;
  feature: Feature;
  id: string | number | null;
  /** Null: the feature has no such property. */
  name: string | null;
}

export interface FeatureOptions {
  /** The property with the name of a feature. */
  nameProperty: string;
  makeValid?: boolean | undefined;
  /** Vertices of one feature. All of them together may have four times as many. */
  maxVertices: number;
  maxFeatures: number;
}

/**
 * The features of a FeatureCollection, each an area of its own. A member `crs` of the collection holds for all.
 *
 * @throws AppError invalid_area that names the feature at fault, such as `areas.features[3].geometry`
 */
export function areaFeatures(
  value: unknown,
  path: string,
  { nameProperty, makeValid, maxVertices, maxFeatures }: FeatureOptions,
): AreaFeature[] {
  const { type, features, crs } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (type !== "FeatureCollection" || !Array.isArray(features)) {
    invalidArea(path, `expected a GeoJSON FeatureCollection, but got ${shown(type ?? value)}`);
  }
  if (features.length === 0 || features.length > maxFeatures) {
    invalidArea(`${path}.features`, `expected 1 to ${maxFeatures} features, but got ${features.length}`);
  }
  const found = features.map((feature: unknown, i): AreaFeature => {
    const at = `${path}.features[${i}]`;
    if (typeof feature !== "object" || feature === null || (feature as Feature).type !== "Feature") {
      invalidArea(at, `expected a Feature, but got ${shown(feature)}`);
    }
    const { id, properties } = feature as Feature;
    const name = properties?.[nameProperty];
    const area = areaFromValue(crs === undefined ? feature : { crs, ...feature }, at, { maxVertices, makeValid });
    return {
      area,
      feature: feature as Feature,
      id: typeof id === "string" || typeof id === "number" ? id : null,
      name: typeof name === "string" ? name : typeof name === "number" ? String(name) : null,
    };
  });
  checkVertices(
    found.map(({ area }, i) => ({ path: `${path}.features[${i}]`, area })),
    4 * maxVertices,
  );
  return found;
}
