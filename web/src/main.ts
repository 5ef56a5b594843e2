import "./style/theme.css";
import "./style/controls.css";
import "./style/map.css";
import "./style/panel.css";
import "./style/lists.css";
import "./style/dialogs.css";
import "./style/phone.css";
import { createApi } from "./api.ts";
import { type Box, boxAround, outlineOf, polygonsOf } from "./area.ts";
import { createData } from "./data.ts";
import { h } from "./dom.ts";
import { average, count } from "./format.ts";
import { startMap } from "./map/start.ts";
import { alertsPanel } from "./panels/alerts.ts";
import { answerPanel } from "./panels/answer.ts";
import { filtersPanel } from "./panels/filters.ts";
import { createImporter } from "./panels/import.ts";
import { livePanel } from "./panels/live.ts";
import { regionsPanel } from "./panels/regions.ts";
import { createSignIn } from "./panels/sign-in.ts";
import { areaTitle } from "./questions.ts";
import { createStore } from "./store.ts";
import { themeButton } from "./theme.ts";

const store = createStore();
const api = createApi(new URL("./", document.baseURI).href.replace(/\/$/, ""));
const data = createData(api, store);
const theme = themeButton();
const importer = createImporter(api, (area) => {
  store.set({ area });
  const outline = outlineOf(area);
  const box = outline && boxAround(polygonsOf(outline).flat());
  if (box) void started.then((view) => view?.fit(box));
});
const signIn = createSignIn(api, () => {
  document.dispatchEvent(new Event("sessionchange"));
  data.reload();
});

/** Without a map everything is in view. */
const WORLD: Box = [-180, -90, 180, 90];

const mapSide = h("main", { class: "map-side", "aria-label": "Map" });
const picture = async () => {
  const view = await started;
  if (!view) throw new Error("There is no map.");
  const { answer } = data.answers.weekly;
  return view.pictureWith({
    title: areaTitle(store.get().area),
    figure: `${average(answer?.average)} trips a week`,
    about: answer ? `${count(answer.trips)} trips in ${count(answer.weeks_in_window)} weeks` : "",
  });
};
const panel = h(
  "div",
  { class: "panel" },
  h(
    "header",
    {},
    h("h1", {}, "Tripgrid"),
    h(
      "nav",
      { "aria-label": "Service" },
      h("a", { href: "docs" }, "API"),
      h("a", { href: "ogc?f=html" }, "OGC"),
      signIn.button,
      theme,
    ),
  ),
  answerPanel(api, store, data, { picture, view: async () => (await started)?.view() ?? WORLD }),
  filtersPanel(api, store, data),
  regionsPanel(store, data),
  alertsPanel(api),
  livePanel(api, data, importer.chooseFile),
);
document.getElementById("app")?.append(mapSide, panel, signIn.dialog, importer.dialog);
data.reload();
const started = startMap(mapSide, api, store, data).catch((error: unknown) => {
  mapSide.append(
    h(
      "p",
      { class: "note error map-error", role: "alert" },
      `The map cannot be drawn: ${error instanceof Error ? error.message : error}. A browser with WebGL draws it; all figures are shown without it.`,
    ),
  );
  return undefined;
});

// A file may be dropped anywhere on the page.
const isFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
window.addEventListener("dragover", (event) => {
  if (!isFile(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
window.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dropping");
});
window.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  event.preventDefault();
  void importer.take(file);
});
document.getElementById("skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("answer")?.focus();
});
