import { h } from "../dom.ts";
import type { Draw, Tool } from "../map/draw.ts";
import type { Shown } from "../state.ts";
import type { Store } from "../store.ts";

const LAYERS: [Shown, string, string][] = [
  ["cells", "Cells", "Trips by cell"],
  ["regions", "Regions", "Regions by their weekly average"],
  ["clusters", "Flows", "The biggest flows from cell to cell"],
  ["hotspots", "Hot spots", "The biggest flows between hot spots"],
];
const BY_KEYS = "By keyboard: arrows move the map, Space sets";
const TOOLS: [Tool, string, string][] = [
  ["rectangle", "Box", `Click two corners, or drag. ${BY_KEYS} a corner`],
  [
    "polygon",
    "Polygon",
    `Click the corners, and the first one again to finish. ${BY_KEYS} a corner, Enter finishes, Escape cancels`,
  ],
  ["circle", "Circle", `Click the middle and the edge, or drag. ${BY_KEYS} the middle and the edge`],
];

/** The buttons on the map: what it shows, and the tools that draw an area. */
export function mapTools(store: Store, draw: Draw): { element: HTMLElement; show(): void } {
  const layers = LAYERS.map(([show, label, title]) =>
    h("button", { type: "button", title, click: () => store.set({ show }) }, label),
  );
  const tools = TOOLS.map(([tool, label, title]) =>
    h("button", { type: "button", title, "data-tool": tool, click: () => draw.use(tool) }, label),
  );
  const hint = h("p", { class: "hint", role: "status" });
  const show = () => {
    for (const [i, [name]] of LAYERS.entries())
      layers[i]?.setAttribute("aria-pressed", String(name === store.get().show));
    for (const [i, [tool]] of TOOLS.entries()) tools[i]?.setAttribute("aria-pressed", String(tool === draw.tool()));
    hint.textContent = TOOLS.find(([tool]) => tool === draw.tool())?.[2] ?? "";
    hint.hidden = hint.textContent === "";
  };
  store.subscribe(show);
  const element = h(
    "div",
    { class: "map-tools" },
    h("div", { class: "segments", role: "group", "aria-label": "Show" }, ...layers),
    h("div", { class: "segments", role: "group", "aria-label": "Draw an area" }, ...tools),
    hint,
  );
  return { element, show };
}
