import { fill, h } from "../dom.ts";
import { classLabels, type Scale } from "./scale.ts";

/** Shows the classes of a figure with their colours. Undefined: there is nothing to explain. */
export function showLegend(element: HTMLElement, scale: Scale | undefined, note?: string): void {
  element.hidden = scale === undefined && note === undefined;
  const rows = scale
    ? classLabels(scale).map((label, i) => {
        const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
        swatch.style.setProperty("background", scale.colours[i] ?? "");
        return h("li", {}, swatch, label);
      })
    : [];
  fill(
    element,
    scale && h("h2", {}, scale.title),
    rows.length > 0 && h("ul", {}, ...rows.reverse()),
    note !== undefined && h("p", {}, note),
  );
}
