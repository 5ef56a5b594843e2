import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import { themeColour } from "../dom.ts";

/**
 * A quiet style for a PMTiles archive: a raster as it is, or vector tiles with the layers of Protomaps (earth, water,
 * roads, boundaries).
 */
export function pmtilesStyle(url: string, kind: "vector" | "raster", maxZoom: number): StyleSpecification {
  if (kind === "raster") {
    return {
      version: 8,
      sources: { base: { type: "raster", url, tileSize: 256, maxzoom: maxZoom } },
      layers: [{ id: "base", type: "raster", source: "base" }],
    };
  }
  const from = (layer: string) => ({ source: "base", "source-layer": layer });
  const layers: LayerSpecification[] = [
    { id: "water-below", type: "background", paint: { "background-color": themeColour("water") } },
    { id: "land", type: "fill", ...from("earth"), paint: { "fill-color": themeColour("land") } },
    {
      id: "green",
      type: "fill",
      ...from("landuse"),
      filter: ["in", ["get", "kind"], ["literal", ["park", "forest", "wood", "nature_reserve", "grass"]]],
      paint: { "fill-color": themeColour("green") },
    },
    {
      id: "water",
      type: "fill",
      ...from("water"),
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": themeColour("water") },
    },
    {
      id: "roads",
      type: "line",
      ...from("roads"),
      paint: {
        "line-color": themeColour("road"),
        "line-width": ["match", ["get", "kind"], "highway", 2.2, "major_road", 1.4, 0.6],
      },
    },
    { id: "borders", type: "line", ...from("boundaries"), paint: { "line-color": themeColour("border") } },
  ];
  return { version: 8, sources: { base: { type: "vector", url } }, layers };
}
