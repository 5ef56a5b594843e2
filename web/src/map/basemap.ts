import type { FeatureCollection, GeoJSON } from "geojson";
import type { StyleSpecification } from "maplibre-gl";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlas from "world-atlas/countries-50m.json?url";
import { themeColour } from "../dom.ts";

type Atlas = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

/** The map without any other server: land and borders of Natural Earth, drawn in the colours of the page. */
export function ownStyle(): StyleSpecification {
  const source = { type: "geojson" as const, data: EMPTY };
  return {
    version: 8,
    sources: {
      land: { ...source, tolerance: 0.2, attribution: "Natural Earth" },
      borders: { ...source, tolerance: 0.2 },
    },
    layers: [
      { id: "water", type: "background", paint: { "background-color": themeColour("water") } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": themeColour("land") } },
      {
        id: "coast",
        type: "line",
        source: "land",
        paint: { "line-color": themeColour("coast"), "line-width": 0.75 },
      },
      {
        id: "borders",
        type: "line",
        source: "borders",
        paint: { "line-color": themeColour("border"), "line-width": 0.9, "line-dasharray": [3, 2] },
      },
    ],
  };
}

/** Reads the outlines that belong to the own style. */
export async function readOutlines(): Promise<{ land: GeoJSON; borders: GeoJSON }> {
  const topology = (await (await fetch(atlas)).json()) as Atlas;
  const { land, countries } = topology.objects;
  return {
    land: feature(topology, land),
    borders: { type: "Feature", properties: {}, geometry: mesh(topology, countries, (a, b) => a !== b) },
  };
}
