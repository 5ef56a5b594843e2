import type { RegionFigures } from "../answers.ts";
import type { Data } from "../data.ts";
import { fill, h } from "../dom.ts";
import { average, count } from "../format.ts";
import type { Store } from "../store.ts";
import { errorNote } from "./notes.ts";

type Column = "name" | "average" | "trips";
const COLUMNS: [Column, string][] = [
  ["name", "Region"],
  ["average", "A week"],
  ["trips", "Trips"],
];

/** The section with all regions that have a boundary, in a table that sorts. A row asks about its region. */
export function regionsPanel(store: Store, data: Data): HTMLElement {
  let sort: { by: Column; isDescending: boolean } = { by: "average", isDescending: true };
  const heads = COLUMNS.map(([column, label]) =>
    h(
      "th",
      { scope: "col", class: column === "name" ? "" : "number" },
      h("button", { type: "button", click: () => sortBy(column) }, label),
    ),
  );
  const body = h("tbody");
  const notes = h("div", { class: "notes" });
  const table = h("table", { "aria-labelledby": "regions-title" }, h("thead", {}, h("tr", {}, ...heads)), body);

  function sortBy(by: Column): void {
    sort = { by, isDescending: sort.by === by ? !sort.isDescending : by !== "name" };
    show();
  }
  function show(): void {
    const { answer, isLoading, error } = data.answers.regions;
    const { area } = store.get();
    const chosen = area?.kind === "boundary" ? area.name : undefined;
    for (const [i, [column]] of COLUMNS.entries()) {
      const order = sort.by !== column ? "none" : sort.isDescending ? "descending" : "ascending";
      heads[i]?.setAttribute("aria-sort", order);
    }
    const figures = (answer?.features ?? []).map(({ properties }) => properties).sort(orderOf(sort));
    const most = Math.max(...figures.map((one) => one.average ?? 0));
    fill(body, ...figures.map((one) => row(one, one.name === chosen, most, () => choose(one.name, chosen))));
    section.setAttribute("aria-busy", String(isLoading));
    table.hidden = figures.length === 0;
    const isEmpty = error?.code === "not_found" || (answer && figures.length === 0);
    fill(
      notes,
      isLoading && figures.length === 0 && h("p", { class: "about" }, "Counting …"),
      isEmpty &&
        h("p", { class: "note" }, "No region has a boundary yet. PUT /v1/regions/NAME gives it one, as GeoJSON."),
      error && !isEmpty && errorNote(error, data.reload),
    );
  }
  const choose = (name: string, chosen: string | undefined) =>
    store.set({ area: name === chosen ? undefined : { kind: "boundary", name } });
  const section = h(
    "section",
    { class: "regions", "aria-labelledby": "regions-title" },
    h("h2", { id: "regions-title" }, "Regions"),
    table,
    notes,
  );
  data.subscribe("regions", show);
  store.subscribe(show);
  show();
  return section;
}

/** The order of rows. What is withheld comes last. */
const orderOf = ({ by, isDescending }: { by: Column; isDescending: boolean }) => {
  const sign = isDescending ? -1 : 1;
  return (a: RegionFigures, b: RegionFigures): number =>
    by === "name" ? sign * a.name.localeCompare(b.name) : sign * ((a[by] ?? -1) - (b[by] ?? -1));
};

function row(figures: RegionFigures, isChosen: boolean, most: number, choose: () => void): HTMLElement {
  const share = h("span", { class: "share", "aria-hidden": "true" });
  share.style.setProperty("width", `${most > 0 ? (100 * (figures.average ?? 0)) / most : 0}%`);
  return h(
    "tr",
    { class: isChosen ? "chosen" : "" },
    h(
      "th",
      { scope: "row" },
      h("button", { type: "button", "aria-pressed": String(isChosen), click: choose }, figures.name),
      share,
    ),
    h("td", { class: "number" }, average(figures.average)),
    h("td", { class: "number" }, count(figures.trips)),
  );
}
