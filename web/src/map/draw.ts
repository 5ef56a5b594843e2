import type { Polygon, Position } from "geojson";
import type { Map as MapLibre } from "maplibre-gl";
import { TerraDraw, TerraDrawCircleMode, TerraDrawPolygonMode, TerraDrawRectangleMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import { type Area, boxAround, distanceM, rounded, roundedRing } from "../area.ts";
import { h, themeColour } from "../dom.ts";

export type Tool = "rectangle" | "polygon" | "circle";

export interface Draw {
  /** Begins to draw. A tool that is in use is put away. */
  use(tool: Tool): void;
  stop(): void;
  tool(): Tool | undefined;
  /** Whether a click belongs to the drawing: also the one that has just finished it. */
  owns(click: Event): boolean;
}

/**
 * Lets a person draw an area on the map.
 *
 * @param done gets the area that was drawn
 * @param changed is called when a tool is taken or put away
 */
export function createDraw(map: MapLibre, done: (area: Area) => void, changed: () => void): Draw {
  let tool: Tool | undefined;
  let draw: TerraDraw | undefined;
  let stoppedAt = 0;

  function start(): TerraDraw {
    const colour = (themeColour("accent") || "#0b6b70") as `#${string}`;
    const styles = { fillColor: colour, fillOpacity: 0.12, outlineColor: colour, outlineWidth: 2 };
    const made = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 7 }),
      modes: [
        new TerraDrawPolygonMode({ styles }),
        new TerraDrawRectangleMode({ styles, drawInteraction: "click-move-or-drag" }),
        new TerraDrawCircleMode({ styles, drawInteraction: "click-move-or-drag" }),
      ],
    });
    made.start();
    made.on("finish", (id) => {
      const geometry = made.getSnapshotFeature(id)?.geometry as Polygon | undefined;
      const drawn = tool;
      // The library still works on the shape while it tells that it is finished.
      queueMicrotask(() => stop());
      const area = geometry && drawn && areaOf(drawn, geometry.coordinates[0] ?? []);
      if (area) done(area);
    });
    return made;
  }

  function stop(): void {
    if (tool) stoppedAt = performance.now();
    tool = undefined;
    draw?.stop();
    draw = undefined;
    map.getCanvasContainer().classList.remove("drawing");
    changed();
  }

  // Shown while the map has the keyboard: arrows move the map below it.
  map.getCanvasContainer().append(h("div", { class: "crosshair", "aria-hidden": "true" }));
  map.getContainer().addEventListener("keydown", (event) => {
    if (!tool) return;
    const { key } = event;
    if (key === "Escape") stop();
    // The library finishes a polygon by Enter itself.
    if (key !== " " && (key !== "Enter" || tool === "polygon")) return;
    event.preventDefault();
    if (!event.repeat) clickMiddle(map);
  });
  return {
    use: (next) => {
      const isSame = tool === next;
      stop();
      if (isSame) return;
      tool = next;
      draw = start();
      draw.setMode(next);
      map.getCanvasContainer().classList.add("drawing");
      map.getCanvas().focus({ preventScroll: true });
      changed();
    },
    stop,
    tool: () => tool,
    owns: ({ timeStamp }) => tool !== undefined || timeStamp <= stoppedAt,
  };
}

/** Clicks where the crosshair is. */
function clickMiddle(map: MapLibre): void {
  const canvas = map.getCanvas();
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, isPrimary: true, pointerId: 1 };
  for (const type of ["pointermove", "pointerdown", "pointerup"]) {
    canvas.dispatchEvent(new PointerEvent(type, { ...at, pointerType: "mouse", button: 0 }));
  }
}

/** The area of a ring that was drawn with a tool. */
export function areaOf(tool: Tool, ring: Position[]): Area | undefined {
  const box = boxAround([ring]);
  if (!box) return undefined;
  if (tool === "polygon") return { kind: "shape", shape: { type: "Polygon", coordinates: [roundedRing(ring)] } };
  const [west = 0, south = 0, east = 0, north = 0] = box.map(rounded);
  if (tool === "rectangle") return { kind: "bbox", bbox: [west, south, east, north] };
  const center: [number, number] = [rounded((west + east) / 2), rounded((south + north) / 2)];
  const radiusM = Math.round(distanceM(center, [east, center[1]]));
  return radiusM > 0 ? { kind: "circle", center, radiusM } : undefined;
}
