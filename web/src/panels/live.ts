import type { Import, Receipt } from "../answers.ts";
import { type Api, ApiError } from "../api.ts";
import type { Data } from "../data.ts";
import { fill, h, save } from "../dom.ts";
import { count, instant } from "../format.ts";
import { followEvents, type LiveState } from "../live/follow.ts";

/** Batches that are shown. */
const SHOWN = 12;
/** New trips come all the time: everything is asked again at most this often. */
const RELOAD_MS = 5000;

const STATES: Record<LiveState, string> = {
  connecting: "Connecting …",
  live: "Live",
  refused: "Not permitted: following batches needs the scope ingest.",
};

interface Known {
  receipt: Receipt;
  file?: string;
}

/** The section with batches and imports as they come, newest first. */
export function livePanel(api: Api, data: Data, chooseFile: () => void): HTMLElement {
  const known = new Map<string, Known>();
  const files = new Map<string, string>();
  const state = h("span", { class: "live-state", role: "status" });
  const list = h("ul", { class: "batches" });
  const nothing = h(
    "p",
    { class: "note" },
    "Nothing came in since this page was opened. Drop a file of trips on the page, or post to /v1/trips.",
  );
  let due: ReturnType<typeof setTimeout> | undefined;
  let reloadedAt = 0;

  const show = () => {
    const newest = [...known.values()].sort((a, b) => b.receipt.created_at.localeCompare(a.receipt.created_at));
    for (const { receipt } of newest.slice(SHOWN)) known.delete(receipt.batch_id);
    fill(list, ...newest.slice(0, SHOWN).map((one) => batch(api, one, files.get(one.receipt.batch_id), took)));
    nothing.hidden = known.size > 0;
  };
  const took = (receipt: Receipt) => {
    known.set(receipt.batch_id, { receipt });
    show();
    if (receipt.state !== "committed" && receipt.state !== "undone") return;
    if (due !== undefined) return;
    due = setTimeout(
      () => {
        due = undefined;
        reloadedAt = Date.now();
        data.reload();
      },
      Math.max(200, reloadedAt + RELOAD_MS - Date.now()),
    );
  };
  const readImports = async () => {
    const { imports } = await api.ask<{ imports: Import[] }>({ method: "GET", path: "/v1/imports?limit=5" });
    for (const { batch_id: id, file } of imports) {
      files.set(id, file);
      if (!known.has(id)) {
        known.set(id, { receipt: await api.ask<Receipt>({ method: "GET", path: `/v1/batches/${id}` }) });
      }
    }
    show();
  };
  const reopen = followEvents<Receipt>(api, "/v1/events", {
    data: (receipt) => {
      if (!files.has(receipt.batch_id)) void readImports().catch(() => {});
      took(receipt);
    },
    state: (now) => {
      state.textContent = STATES[now];
      state.dataset.state = now;
    },
  });
  document.addEventListener("sessionchange", () => {
    reopen();
    void readImports().catch(() => {});
  });
  void readImports().catch(() => {});
  show();
  return h(
    "section",
    { class: "live", "aria-labelledby": "live-title" },
    h(
      "div",
      { class: "row" },
      h("h2", { id: "live-title" }, "Incoming"),
      state,
      h("button", { type: "button", class: "quiet", click: chooseFile }, "Import a file"),
    ),
    list,
    nothing,
  );
}

/** One batch: how far it is, what became of it, and what can be done about it. */
function batch(
  api: Api,
  { receipt }: Known,
  file: string | undefined,
  changed: (receipt: Receipt) => void,
): HTMLElement {
  const { batch_id: id, state, progress, error } = receipt;
  const self = `/v1/batches/${id}`;
  const note = h("p", { class: "note", role: "status", hidden: true });
  const say = (text: string) => {
    note.textContent = text;
    note.hidden = false;
  };
  const fails = (thrown: unknown) => say(thrown instanceof ApiError ? thrown.message : String(thrown));
  const isDone = progress && progress.bytes > 0 ? progress.bytes_done / progress.bytes : undefined;
  const undo = h("button", { type: "button", class: "quiet" }, "Undo");
  undo.addEventListener("click", async () => {
    if (undo.textContent === "Undo") {
      undo.textContent = `Take back ${count(receipt.inserted)} trips`;
      undo.classList.add("danger");
      return;
    }
    await api
      .send(self, { method: "DELETE" })
      .then(async (reply) => changed((await reply.json()) as Receipt))
      .catch(fails);
  });
  const mended = h("input", {
    type: "file",
    class: "visually-hidden",
    tabindex: -1,
    "aria-label": "Mended rejects",
    accept: ".csv,text/csv",
  });
  mended.addEventListener("change", async () => {
    const sent = mended.files?.[0];
    if (!sent) return;
    const init = { method: "POST", body: sent, headers: { "content-type": "text/csv" } };
    await api
      .send(`${self}/rejects`, init)
      .then(async () => changed(await api.ask<Receipt>({ method: "GET", path: self })))
      .catch(fails);
  });
  const saveRejects = () =>
    api
      .send(`${self}/rejects`)
      .then(async (reply) => save(`rejects-${id.slice(0, 8)}.csv`, await reply.blob()))
      .catch(fails);
  return h(
    "li",
    { "data-state": state },
    h(
      "div",
      { class: "row" },
      h("strong", {}, file ?? `Batch ${id.slice(0, 8)}`),
      h("span", { class: "state" }, state),
      h("time", { datetime: receipt.created_at }, instant(receipt.created_at)),
    ),
    isDone !== undefined && h("progress", { max: 1, value: isDone, "aria-label": "Progress" }),
    h(
      "p",
      { class: "counts" },
      `${count(receipt.inserted)} inserted, ${count(receipt.duplicates)} duplicates, ${count(receipt.rejected)} rejected`,
    ),
    error && h("p", { class: "note error" }, error.detail),
    h(
      "div",
      { class: "actions" },
      receipt.rejected > 0 && h("button", { type: "button", class: "quiet", click: saveRejects }, "Save rejects"),
      receipt.rejected > 0 &&
        h("button", { type: "button", class: "quiet", click: () => mended.click() }, "Send mended"),
      receipt.rejected > 0 && mended,
      state === "committed" && receipt.inserted > 0 && undo,
    ),
    note,
  );
}
