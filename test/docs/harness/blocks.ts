import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");

/** A code block of a page. */
export interface Block {
  page: string;
  /** Of its first line in the page, from 1. */
  line: number;
  language: string;
  text: string;
  /** What the comment on the line above it says, such as `not run: it needs a certificate`. */
  note: string | undefined;
}

/** The pages for people: README and docs/. */
export const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The code blocks of a page, also those that are indented in a list. */
export function blocksOf(page: string): Block[] {
  const lines = readFileSync(join(ROOT, page), "utf8").split("\n");
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const [, indent = "", language = ""] = /^( *)```(\w*)(?: \w+)?$/.exec(lines[i] ?? "") ?? [];
    if (!lines[i]?.trim().startsWith("```")) continue;
    const end = lines.findIndex((line, n) => n > i && line.trim() === "```");
    const text = lines.slice(i + 1, end).map((line) => line.slice(indent.length));
    const note = /^ *<!-- (.+) -->$/.exec(lines[i - 1] ?? "")?.[1];
    blocks.push({ page, line: i + 2, language, text: text.join("\n"), note });
    i = end;
  }
  return blocks;
}
