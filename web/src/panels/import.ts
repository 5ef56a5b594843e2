import type { Import, Receipt, Suggestion } from "../answers.ts";
import { type Api, ApiError } from "../api.ts";
import { type Area, areaFromGeoJson } from "../area.ts";
import { fill, h } from "../dom.ts";
import { bytes, count } from "../format.ts";

/** How much of a text is tried. Packed files and workbooks can only be read whole. */
const TRIED_BYTES = 1024 * 1024;
const MAX_WHOLE_BYTES = 30 * 1024 * 1024;

/** What a suggested mapping has for a source that no column gives. */
const NO_SOURCE = "CHANGE-ME";

export interface Importer {
  dialog: HTMLDialogElement;
  /** Takes a file: an area becomes that of the question, everything else is shown and imported. */
  take(file: File): Promise<void>;
  chooseFile(): void;
}

/** Imports files that are dropped on the page: what they are taken for is shown first. */
export function createImporter(api: Api, useArea: (area: Area) => void): Importer {
  const body = h("div", { class: "import-body" });
  const dialog = h("dialog", { class: "import", "aria-labelledby": "import-title" }, body);
  const input = h("input", { type: "file", class: "visually-hidden", tabindex: -1, "aria-label": "File", id: "file" });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) void take(file);
  });
  dialog.append(input);
  const close = h("button", { type: "button", click: () => dialog.close() }, "Cancel");
  const title = (text: string) => h("h2", { id: "import-title" }, text);

  const fail = (file: File, thrown: unknown) => {
    const text = thrown instanceof ApiError || thrown instanceof Error ? thrown.message : String(thrown);
    fill(body, title(file.name), h("p", { class: "note error", role: "alert" }, text), actions(close));
    if (!dialog.open) dialog.showModal();
  };

  async function take(file: File): Promise<void> {
    try {
      const area = await areaOf(file);
      if (area) return useArea(area);
      fill(body, title(file.name), h("p", { role: "status" }, `Reading ${bytes(file.size)} …`), actions(close));
      if (!dialog.open) dialog.showModal();
      const sample = await sampleOf(file);
      const suggestion = await suggest(sample, file, "");
      await preview(file, sample, suggestion, "");
    } catch (thrown) {
      fail(file, thrown);
    }
  }

  const suggest = async (sample: Blob, file: File, source: string): Promise<Suggestion> => {
    const query = new URLSearchParams(source === "" ? {} : { source });
    const init = { method: "POST", body: sample, headers: { "content-type": typeOf(file) } };
    return (await (await api.send(`/v1/mappings/suggest?${query}`, init)).json()) as Suggestion;
  };

  /** Shows the suggested mapping and what a dry run over the sample finds. */
  async function preview(file: File, sample: Blob, suggestion: Suggestion, source: string): Promise<void> {
    const { built_in: builtIn, notes, trial } = suggestion;
    const isWhole = sample.size === file.size;
    const sourceInput = h("input", { id: "import-source", value: source, placeholder: "as the file says" });
    const again = h("button", { type: "button" }, "Try");
    again.addEventListener("click", async () => {
      again.disabled = true;
      const named = sourceInput.value.trim();
      await suggest(sample, file, named).then(
        (next) => preview(file, sample, next, named),
        (thrown) => fail(file, thrown),
      );
    });
    const dry = builtIn && (await dryRun(file, sample, builtIn, source).catch(() => undefined));
    const found = dry
      ? { rows: dry.received, trips: dry.inserted, rejected: dry.rejected, duplicates: dry.duplicates }
      : trial && { rows: trial.rows, trips: trial.trips, rejected: trial.rejected, duplicates: trial.equal };
    const rejects = dry ? dry.rejects : (trial?.rejects ?? []);
    // Trips under a name that nobody chose could only be undone.
    const lacksSource = JSON.stringify(suggestion.mapping).includes(NO_SOURCE);
    const isReady = found !== undefined && found.trips > 0 && !lacksSource;
    const go = h("button", { type: "button", class: "primary", disabled: !isReady }, "Import");
    go.addEventListener("click", async () => {
      go.disabled = true;
      await start(file, suggestion, source).catch((thrown) => fail(file, thrown));
    });
    fill(
      body,
      title(file.name),
      h(
        "p",
        {},
        builtIn ? "The fields are those of the format " : "A mapping is suggested for its columns",
        builtIn && h("strong", {}, builtIn),
        `. ${isWhole ? "All" : `The first ${bytes(sample.size)} of ${bytes(file.size)}`} was tried; nothing is stored yet.`,
      ),
      found &&
        h(
          "dl",
          { class: "tried" },
          ...Object.entries({
            Rows: found.rows,
            Trips: found.trips,
            Duplicates: found.duplicates,
            Rejected: found.rejected,
          }).flatMap(([name, n]) => [h("dt", {}, name), h("dd", {}, count(n))]),
        ),
      notes.length > 0 && h("ul", { class: "import-notes" }, ...notes.map((note) => h("li", {}, note))),
      rejects.length > 0 &&
        h(
          "ul",
          { class: "import-notes" },
          ...rejects.slice(0, 5).map(({ row, field, detail }) => h("li", {}, `Row ${row}, ${field}: ${detail}`)),
        ),
      !builtIn &&
        h("details", {}, h("summary", {}, "Mapping"), h("pre", {}, JSON.stringify(suggestion.mapping, undefined, 1))),
      h("div", { class: "field" }, h("label", { for: "import-source" }, "Source"), sourceInput, again),
      lacksSource && h("p", { class: "note" }, "Enter who reports these trips, and try again."),
      actions(close, go),
    );
  }

  const dryRun = async (file: File, sample: Blob, mapping: string, source: string): Promise<Receipt> => {
    const query = new URLSearchParams({ dry_run: "true", mapping, ...(source === "" ? {} : { source }) });
    const init = { method: "POST", body: sample, headers: { "content-type": typeOf(file) } };
    return (await (await api.send(`/v1/trips?${query}`, init)).json()) as Receipt;
  };

  /** Keeps the suggested mapping under the file's name, and imports the file by it. */
  async function start(file: File, { built_in: builtIn, mapping }: Suggestion, source: string): Promise<void> {
    const name = builtIn ?? mappingName(file.name);
    if (!builtIn) {
      const init = { method: "PUT", body: JSON.stringify(mapping), headers: { "content-type": "application/json" } };
      await api.send(`/v1/mappings/${encodeURIComponent(name)}`, init);
    }
    const query = new URLSearchParams({ file: file.name, mapping: name, ...(source === "" ? {} : { source }) });
    const reply = await api.send(`/v1/imports?${query}`, {
      method: "POST",
      body: file,
      headers: { "content-type": "application/octet-stream" },
    });
    const taken = (await reply.json()) as Import;
    const text =
      taken.error?.detail ??
      (taken.already_imported ? "This content was imported before: nothing is counted twice." : "");
    if (text === "") return dialog.close();
    fill(body, title(file.name), h("p", { class: "note", role: "status" }, text), actions(close));
  }
  return { dialog, take, chooseFile: () => input.click() };
}

const actions = (...buttons: HTMLElement[]) => h("div", { class: "actions" }, ...buttons);

/** The area of a GeoJSON file with polygons. Undefined: it is another file, or it has none. */
async function areaOf(file: File): Promise<Area | undefined> {
  if (!/\.(geo)?json$/i.test(file.name) || file.size > MAX_WHOLE_BYTES) return undefined;
  try {
    return areaFromGeoJson(JSON.parse(await file.text()));
  } catch (error) {
    // Lines of JSON are no document, and may be trips.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The rows of a file that are tried: a text up to the end of a line. */
async function sampleOf(file: File): Promise<Blob> {
  if (file.size <= TRIED_BYTES) return file;
  if (/\.(gz|zip|xlsx|parquet|json|geojson)$/i.test(file.name)) {
    if (file.size <= MAX_WHOLE_BYTES) return file;
    throw new Error("The file is too large to be tried here: put it into the inbox, or use npx tripgrid import.");
  }
  const head = new Uint8Array(await file.slice(0, TRIED_BYTES).arrayBuffer());
  return file.slice(0, head.lastIndexOf(10) + 1 || TRIED_BYTES);
}

const typeOf = (file: File): string =>
  /\.(ndjson|jsonl|geojsonl)$/i.test(file.name)
    ? "application/x-ndjson"
    : /\.(geo)?json$/i.test(file.name)
      ? "application/json"
      : /\.(csv|tsv|txt)$/i.test(file.name)
        ? "text/csv"
        : "application/octet-stream";

/** A name for a mapping, from that of a file. */
export const mappingName = (file: string): string =>
  file
    .toLowerCase()
    .replace(/\.(csv|tsv|txt|ndjson|jsonl|geojsonl|json|geojson|zip|xlsx|parquet|gz)/g, "")
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "") || "file";
