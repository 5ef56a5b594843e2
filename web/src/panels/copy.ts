import type { Api } from "../api.ts";
import type { Box } from "../area.ts";
import { asCsv, asSql, weeklyCurl } from "../copy-as.ts";
import type { Data } from "../data.ts";
import { h, save } from "../dom.ts";
import { type ExportKind, exportQuestion } from "../questions.ts";
import type { Store } from "../store.ts";

/** What the map gives to be saved. */
export interface MapFiles {
  /** A picture of the map with its legend. */
  picture(): Promise<Blob>;
  /** The box that it shows. */
  view(): Promise<Box>;
}

const EXPORTS: [ExportKind, string][] = [
  ["cells", "Save cells as GeoParquet"],
  ["regions", "Save regions as GeoParquet"],
  ["trips", "Save trips as GeoParquet"],
];

/** A menu that copies the question, or saves the answer. */
export function copyMenu(api: Api, store: Store, data: Data, map: MapFiles): HTMLElement {
  const done = h("span", { class: "visually-hidden", role: "status" });
  const summary = h("summary", { class: "quiet" }, "Copy");
  const item = (label: string, run: () => Promise<string>) =>
    h(
      "button",
      {
        type: "button",
        click: async () => {
          const said = await run().catch((error) => String(error.message ?? error));
          menu.open = false;
          summary.focus();
          done.textContent = said;
          summary.textContent = said;
          setTimeout(() => {
            summary.textContent = "Copy";
          }, 1500);
        },
      },
      label,
    );
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text);
    return "Copied";
  };
  const saveExport = async (kind: ExportKind) => {
    const question = exportQuestion(kind, store.get(), await map.view());
    const reply = await api.send(question.path, { method: question.method });
    save(`tripgrid-${kind}.parquet`, await reply.blob());
    return "Saved";
  };
  const menu = h(
    "details",
    { class: "menu" },
    summary,
    h(
      "div",
      { class: "menu-items" },
      item("Copy as curl", () => copy(weeklyCurl(api.base, store.get(), api.session() !== undefined))),
      item("Copy as SQL", () => copy(asSql(store.get()))),
      item("Copy the address", () => copy(location.href)),
      item("Save weeks as CSV", async () => {
        const { answer } = data.answers.weekly;
        if (!answer) return "Nothing yet";
        save("tripgrid-weeks.csv", new Blob([asCsv(answer)], { type: "text/csv" }));
        return "Saved";
      }),
      ...EXPORTS.map(([kind, label]) => item(label, () => saveExport(kind))),
      item("Save map as PNG", async () => {
        save("tripgrid-map.png", await map.picture());
        return "Saved";
      }),
    ),
  );
  document.addEventListener("click", ({ target }) => {
    if (!menu.contains(target as Node)) menu.open = false;
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    menu.open = false;
    summary.focus();
  });
  return h("div", { class: "menu-box" }, menu, done);
}
