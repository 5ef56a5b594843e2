import cliProgress, { type Options, type Params } from "cli-progress";
import type { Import } from "../imports/imports.ts";

/** The first line is printed soon. The time before each further line doubles, up to a limit. */
const FIRST_LINE_MS = 1000;
const LINE_EVERY_MS = 15_000;

/** Shows the progress of one file: a bar on a terminal, otherwise a line now and then. */
export interface Progress {
  sent(bytes: number): void;
  update(one: Import): void;
  stop(): void;
}

/** @param out the stream for the progress; results go elsewhere, so that they can be piped */
export function showProgress(file: string, bytes: number, out: NodeJS.WriteStream): Progress {
  return out.isTTY ? barOf(file, bytes, out) : linesOf(file, bytes, out);
}

function barOf(file: string, bytes: number, out: NodeJS.WriteStream): Progress {
  const bar = new cliProgress.SingleBar({
    stream: out,
    barsize: 20,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    format: (options: Options, { progress }: Params, { text }: { text: string }) =>
      `${file} ${cliProgress.Format.BarFormat(progress, options)} ${percent(progress)} | ${text}`,
  });
  bar.start(Math.max(bytes, 1), 0, { text: "looking at it" });
  return {
    sent: (done) => bar.update(done, { text: "sending" }),
    update: (one) => bar.update(one.progress?.bytes_done ?? bytes, { text: textOf(one) }),
    stop: () => bar.stop(),
  };
}

function linesOf(file: string, bytes: number, out: NodeJS.WriteStream): Progress {
  let wait = FIRST_LINE_MS;
  let next = performance.now() + wait;
  const line = (done: number, text: string) => {
    if (performance.now() < next) return;
    wait = Math.min(wait * 2, LINE_EVERY_MS);
    next = performance.now() + wait;
    out.write(`${file} ${percent(bytes === 0 ? 1 : done / bytes)} | ${text}\n`);
  };
  return {
    sent: (done) => line(done, "sending"),
    update: (one) => line(one.progress?.bytes_done ?? bytes, textOf(one)),
    stop: () => {},
  };
}

function textOf(one: Import): string {
  if (one.state === "queued") return "waiting for its turn";
  const left = one.progress?.seconds_left ?? undefined;
  const parts = [
    `${count(one.rows)} rows`,
    `${count(one.rows_per_second)} rows/s`,
    `${count(one.rejected)} rejected`,
    ...(left === undefined ? [] : [`${clock(left)} left`]),
  ];
  return parts.join(" | ");
}

const percent = (share: number) => `${Math.floor(Math.min(1, share) * 100)}%`;

/** 1,234,567 */
export const count = (value: number) => Math.round(value).toLocaleString("en-US");

/** 00:35, or 1:02:03 from an hour on. */
export function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
}
