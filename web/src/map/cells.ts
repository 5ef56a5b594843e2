import type { Map as MapLibre, VectorTileSource } from "maplibre-gl";
import type { Api } from "../api.ts";
import { tilesAddress } from "../questions.ts";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { colourBy, type Scale, scaleOf } from "./scale.ts";

export interface Cells {
  scale(): Scale;
  isLoading(): boolean;
  /** What keeps the cells from being shown. */
  error(): string | undefined;
  /** Asks again, for example since there are new trips. */
  reload(): void;
  recolour(): void;
}

/** The finest cells are in the tiles of this zoom level, and are drawn from them above it. */
const FINEST_ZOOM = 13;
const LAYER = "cells-fill";
/** While tiles are awaited the map is drawn this often. */
const REPAINT_MS = 250;

/**
 * The layer of cells, coloured by their trips a week. Their classes are those of the cells in view.
 *
 * @param changed is called when the classes, or whether they are known, have changed
 */
export function addCells(map: MapLibre, api: Api, store: Store, changed: () => void): Cells {
  const address = (state: State) => `${api.base}${tilesAddress("cells", state)}`;
  let asked = address(store.get());
  map.addSource("cells", { type: "vector", tiles: [asked], minzoom: 0, maxzoom: FINEST_ZOOM });
  map.addLayer(
    {
      ...{ id: LAYER, type: "fill", source: "cells", "source-layer": "cells" },
      paint: { "fill-opacity": 0.86, "fill-antialias": false },
    },
    "regions-fill",
  );
  let scale = scaleOf("", []);
  let error: string | undefined;
  let isLoading = true;
  /** There are new trips since the tiles were asked for. */
  let isStale = false;

  const classify = () => {
    if (!isPlaced || store.get().show !== "cells" || !map.isSourceLoaded("cells")) return;
    const inView = new Map(
      map
        .queryRenderedFeatures({ layers: [LAYER] })
        .map(({ properties }) => [properties.cell, properties.trips_per_week]),
    );
    const next = scaleOf(
      "Trips a week in a cell",
      [...inView.values()].filter((n) => typeof n === "number"),
    );
    const isSame = JSON.stringify(next) === JSON.stringify(scale);
    scale = next;
    if (!isSame) map.setPaintProperty(LAYER, "fill-color", colourBy("trips_per_week", scale));
    if (isSame && !isLoading) return;
    isLoading = false;
    if (isStale) load();
    else changed();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The map draws nothing for a tile that came unchanged, so it would not say that it is idle.
  const drawUntilLoaded = () => {
    clearTimeout(timer);
    if (!isLoading || error !== undefined || store.get().show !== "cells") return;
    map.triggerRepaint();
    timer = setTimeout(drawUntilLoaded, REPAINT_MS);
  };
  const load = () => {
    asked = address(store.get());
    error = undefined;
    isLoading = true;
    isStale = false;
    map.getSource<VectorTileSource>("cells")?.setTiles([asked]);
    changed();
    drawUntilLoaded();
  };
  // Nothing is asked for until it is known where to look.
  let isPlaced = store.get().view !== undefined;
  const show = ({ show }: State) =>
    map.setLayoutProperty(LAYER, "visibility", isPlaced && show === "cells" ? "visible" : "none");

  map.on("idle", classify);
  map.on("error", (event) => {
    if ((event as { sourceId?: string }).sourceId !== "cells") return;
    error = event.error.message;
    changed();
  });
  store.subscribe((now) => {
    isPlaced ||= now.view !== undefined;
    show(now);
    if (address(now) !== asked) load();
  });
  show(store.get());
  return {
    scale: () => scale,
    isLoading: () => isLoading,
    error: () => error,
    reload: () => {
      // A tile whose request is broken off by another one for the same address may never count as loaded.
      isStale = isPlaced && isLoading && error === undefined;
      isPlaced = true;
      show(store.get());
      if (!isStale) load();
    },
    recolour: () => {
      scale = scaleOf("", []);
      classify();
    },
  };
}
