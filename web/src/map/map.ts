import {
  type GeoJSONSource,
  type LngLatBoundsLike,
  Map as MapLibre,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Api } from "../api.ts";
import type { Box } from "../area.ts";
import type { Store } from "../store.ts";
import { ownStyle, readOutlines } from "./basemap.ts";
import { hasOwnBasemap, mapStyle } from "./style.ts";

/** The map as the rest of the page uses it. */
export interface MapView {
  map: MapLibre;
  /** Shows a box, with some room around it. */
  fit(box: Box): void;
  /** Paints the basemap in the colours of the theme. */
  recolour(): void;
  /** The picture of the map, as it is drawn next. */
  picture(): Promise<HTMLCanvasElement>;
}

/** Room around what is fitted, pixels. */
const PADDING = 40;

// Without this address tiles are never drawn.
setWorkerUrl(new URL(worker, document.baseURI).href);

/** Makes the map in an element. The view is kept in the address; without one, the caller fits it to the data. */
export async function createMap(container: HTMLElement, api: Api, store: Store): Promise<MapView> {
  const view = store.get().view;
  const map = new MapLibre({
    container,
    style: await mapStyle(),
    center: view ? [view.lon, view.lat] : [10, 47],
    zoom: view?.zoom ?? 3,
    maxZoom: 18,
    pitchWithRotate: false,
    dragRotate: false,
    attributionControl: { compact: true },
    // The credential goes to this service alone.
    transformRequest: (url) => (url.startsWith(`${api.base}/tiles/`) ? { url, headers: api.headers() } : { url }),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-left");
  map.getCanvas().setAttribute("aria-label", "Map. The arrow keys move it, + and - zoom.");
  await new Promise<void>((resolve) => map.once("load", () => resolve()));
  if (hasOwnBasemap) void drawOutlines(map);
  keepView(map, store);
  return {
    map,
    fit: ([west, south, east, north]) => {
      const bounds: LngLatBoundsLike = [west, south, east, north];
      map.fitBounds(bounds, { padding: PADDING, maxZoom: 14, animate: false });
    },
    recolour: () => {
      if (!hasOwnBasemap) return;
      for (const { id, ...layer } of ownStyle().layers) {
        for (const [name, value] of Object.entries(layer.paint ?? {})) {
          if (name.endsWith("color")) map.setPaintProperty(id, name as "line-color", value);
        }
      }
    },
    picture: () =>
      new Promise((resolve) => {
        map.once("render", () => {
          // A canvas of WebGL is empty once the browser has shown it, so it is copied at once.
          const canvas = map.getCanvas();
          const copy = document.createElement("canvas");
          [copy.width, copy.height] = [canvas.width, canvas.height];
          copy.getContext("2d")?.drawImage(canvas, 0, 0);
          resolve(copy);
        });
        map.triggerRepaint();
      }),
  };
}

/** The page is of use before its coasts are there, and without them. */
async function drawOutlines(map: MapLibre): Promise<void> {
  const { land, borders } = await readOutlines();
  map.getSource<GeoJSONSource>("land")?.setData(land);
  map.getSource<GeoJSONSource>("borders")?.setData(borders);
}

/** Writes the view into the address, and moves the map where the address says. */
function keepView(map: MapLibre, store: Store): void {
  map.on("moveend", () => {
    const { lng, lat } = map.getCenter();
    store.set({ view: { lon: lng, lat, zoom: map.getZoom() } }, "replace");
  });
  store.subscribe(({ view }, before) => {
    if (!view || view === before.view) return;
    const { lng, lat } = map.getCenter();
    const isThere = Math.hypot(lng - view.lon, lat - view.lat) < 1e-4 && Math.abs(map.getZoom() - view.zoom) < 0.01;
    if (!isThere) map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom });
  });
}
