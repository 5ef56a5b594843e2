import type { Context } from "hono";
import { HTML_TYPE, type Link } from "./links.http.ts";

/** A plain page of a resource: a heading, its text, a table and its links. Everything is escaped here. */
export interface Page {
  title: string;
  text?: string;
  /** Column names and rows. */
  table?: { columns: readonly string[]; rows: readonly (readonly unknown[])[] };
  links: readonly Link[];
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (value: unknown) =>
  (value === null || value === undefined ? "" : String(value)).replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign);

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #8886;padding:.2rem .6rem;text-align:left;white-space:nowrap}:root{color-scheme:light dark}";

export function sendPage(c: Context, { title, text, table, links }: Page): Response {
  const head = table?.columns.map((name) => `<th>${escaped(name)}</th>`).join("");
  const rows = table?.rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`);
  const items = links.map(
    ({ href, rel, title: name }) => `<li>${escaped(rel)}: <a href="${escaped(href)}">${escaped(name ?? href)}</a></li>`,
  );
  const body = [
    `<h1>${escaped(title)}</h1>`,
    text ? `<p>${escaped(text)}</p>` : "",
    table ? `<table><thead><tr>${head}</tr></thead><tbody>${rows?.join("")}</tbody></table>` : "",
    `<ul>${items.join("")}</ul>`,
  ];
  return c.body(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>${body.join("")}</body></html>`,
    200,
    {
      "content-type": HTML_TYPE,
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  );
}
