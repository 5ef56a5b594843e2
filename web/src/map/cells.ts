import type { Map as MapLibre } from "maplibre-gl";
import type { Api } from "../api.ts";
import { tilesAddress } from "../questions.ts";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { colourBy, type Scale, scaleOf } from "./scale.ts";

export interface Cells {
  /** The name of the layer that is shown or awaited. */
  layer(): string;
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
const OPACITY = 0.86;
/** While tiles are awaited the map is drawn this often. */
const REPAINT_MS = 250;
/** What a service that is too busy answers: the same question may be answered a little later. */
const BUSY = new Set([429, 503, 504]);
const RETRY_S = 10;

/**
 * The layer of cells, coloured by their trips a week. Their classes are those of the cells in view.
 *
 * Each question has a source of its own, which takes the place of the one before once its tiles are there. A source whose
 * address is changed meanwhile does not serve: MapLibre 6.17 shows tiles of the former address if an answer to it comes
 * late, and never asks again for a tile that failed.
 *
 * @param changed is called when the classes, or whether they are known, have changed
 */
export function addCells(map: MapLibre, api: Api, store: Store, changed: () => void): Cells {
  const address = (state: State) => `${api.base}${tilesAddress("cells", state)}`;
  let asked = address(store.get());
  let scale = scaleOf("", []);
  let error: string | undefined;
  let isLoading = true;
  /** There are new trips since the tiles were asked for. */
  let isStale = false;
  // Nothing is asked for until it is known where to look.
  let isPlaced = store.get().view !== undefined;
  let count = 0;
  /** The layers by their names, which are those of their sources too: the one that is awaited or shown, and the one before. */
  let layer = add();
  let former: string | undefined;

  function add(): string {
    const name = `cells-${++count}`;
    map.addSource(name, { type: "vector", tiles: [asked], minzoom: 0, maxzoom: FINEST_ZOOM });
    map.addLayer(
      {
        ...{ id: name, type: "fill", source: name, "source-layer": "cells" },
        layout: { visibility: visibility(store.get()) },
        paint: {
          ...{ "fill-opacity": count === 1 ? OPACITY : 0, "fill-opacity-transition": { duration: 0 } },
          "fill-antialias": false,
          ...(scale.title === "" ? {} : { "fill-color": colourBy("trips_per_week", scale) }),
        },
      },
      "regions-fill",
    );
    return name;
  }
  function remove(name: string | undefined): void {
    if (name === undefined) return;
    map.removeLayer(name);
    map.removeSource(name);
  }
  function visibility({ show }: State): "visible" | "none" {
    return isPlaced && show === "cells" ? "visible" : "none";
  }

  const classify = () => {
    if (!isPlaced || store.get().show !== "cells" || !map.isSourceLoaded(layer)) return;
    const inView = new Map(
      map
        .queryRenderedFeatures({ layers: [layer] })
        .map(({ properties }) => [properties.cell, properties.trips_per_week]),
    );
    const next = scaleOf(
      "Trips a week in a cell",
      [...inView.values()].filter((n) => typeof n === "number"),
    );
    const isSame = JSON.stringify(next) === JSON.stringify(scale);
    scale = next;
    if (!isSame || isLoading) map.setPaintProperty(layer, "fill-color", colourBy("trips_per_week", scale));
    if (isSame && !isLoading) return;
    map.setPaintProperty(layer, "fill-opacity", OPACITY);
    remove(former);
    former = undefined;
    isLoading = false;
    if (isStale) load();
    else changed();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The map draws nothing for a tile that holds nothing, so it would not say that it is idle.
  const drawUntilLoaded = () => {
    clearTimeout(timer);
    if (!isLoading || store.get().show !== "cells") return;
    map.triggerRepaint();
    timer = setTimeout(drawUntilLoaded, REPAINT_MS);
  };
  let retry: ReturnType<typeof setTimeout> | undefined;
  const load = () => {
    clearTimeout(retry);
    asked = address(store.get());
    if (former === undefined) former = layer;
    else remove(layer);
    layer = add();
    error = undefined;
    isLoading = true;
    isStale = false;
    changed();
    drawUntilLoaded();
  };
  const show = (state: State) => {
    for (const name of [layer, former])
      if (name !== undefined) map.setLayoutProperty(name, "visibility", visibility(state));
  };

  map.on("idle", classify);
  map.on("error", (event) => {
    if ((event as { sourceId?: string }).sourceId !== layer) return;
    const { status = 0, message } = event.error as Error & { status?: number };
    error = BUSY.has(status)
      ? `The service is too busy to count the cells (${status}). They are asked for again in ${RETRY_S} seconds.`
      : message;
    clearTimeout(retry);
    if (BUSY.has(status)) retry = setTimeout(load, RETRY_S * 1000);
    changed();
  });
  store.subscribe((now) => {
    isPlaced ||= now.view !== undefined;
    show(now);
    if (address(now) !== asked) load();
    else drawUntilLoaded();
  });
  drawUntilLoaded();
  return {
    layer: () => layer,
    scale: () => scale,
    isLoading: () => isLoading,
    error: () => error,
    reload: () => {
      // Trips that come again and again must not keep the tiles from coming at all.
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
