import { AppError } from "../errors.ts";
import { type Bbox, bboxFrom, polygonOfBox } from "../geo/bbox.ts";
import { nearest } from "../kit/nearest.ts";
import { shown, shownName } from "../kit/shown.ts";
import { checkedFilter } from "./checked-filter.ts";
import type { Collection, PropertyType } from "./collection.ts";
import { Cql2Error, type Filter } from "./cql2.ts";
import { filterFromJson } from "./cql2-json.ts";
import { filterFromText } from "./cql2-text.ts";
import { CRS_URIS, type Crs, crsOf, DEFAULT_CRS, toCrs84 } from "./crs.ts";
import { type FeatureQuery, type FeatureValue, type Interval, orderOf, type SortKey } from "./features.ts";
import { isInstant } from "./instant.ts";

/** `cql-text` is what a draft called `cql2-text`: GDAL up to 3.9 sends no other. */
export const FILTER_LANGS = ["cql2-text", "cql2-json", "cql-text"] as const;
/** A larger limit counts as this one, as the standard has it. */
export const MAX_LIMIT = 10_000;

/** The parameters of items as they were sent, beside the properties that are tested for equality. */
export interface SentItemsQuery {
  bbox?: string | undefined;
  "bbox-crs"?: string | undefined;
  crs?: string | undefined;
  datetime?: string | undefined;
  limit: number;
  filter?: string | undefined;
  "filter-lang": (typeof FILTER_LANGS)[number];
  "filter-crs"?: string | undefined;
  sortby?: string | undefined;
  cursor?: string | undefined;
}

/**
 * The query that parameters stand for.
 *
 * @param sent the parameters, among them properties with the values they must have
 * @throws AppError invalid_parameter that names the parameter, invalid_area
 */
export function featureQuery(
  collection: Collection,
  sent: SentItemsQuery & Readonly<Record<string, unknown>>,
  maxVertices: number,
): FeatureQuery {
  const sortBy = sent.sortby === undefined ? [] : sortKeys(sent.sortby, collection);
  const filters = Object.keys(collection.properties)
    .filter((name) => sent[name] !== undefined)
    .map((name) => equalFilter(name, String(sent[name]), collection, maxVertices));
  if (sent.filter !== undefined) {
    const crs = crsFrom(sent["filter-crs"], "filter-crs");
    filters.push(filterFrom(sent.filter, sent["filter-lang"], collection, crs, maxVertices));
  }
  return {
    ...{ collection, sortBy, filters },
    bbox: sent.bbox === undefined ? undefined : polygonOfBox(boxFrom(sent.bbox, crsFrom(sent["bbox-crs"], "bbox-crs"))),
    datetime: sent.datetime === undefined ? undefined : intervalFrom(sent.datetime),
    after: sent.cursor === undefined ? undefined : valuesFrom(sent.cursor, orderOf({ collection, sortBy }).length),
    limit: Math.min(sent.limit, MAX_LIMIT),
    crs: crsFrom(sent.crs, "crs"),
  };
}

/** @throws AppError invalid_parameter if the system is not known */
export function crsFrom(text: string | undefined, field: string): Crs {
  if (text === undefined) return DEFAULT_CRS;
  return crsOf(text) ?? fail(field, `expected one of ${CRS_URIS.join(", ")}, but got ${shown(text)}`);
}

function filterFrom(
  text: string,
  lang: SentItemsQuery["filter-lang"],
  collection: Collection,
  crs: Crs,
  maxVertices: number,
): Filter {
  try {
    const filter = lang === "cql2-json" ? filterFromJson(jsonFrom(text)) : filterFromText(text);
    return checkedFilter(filter, collection, crs, maxVertices);
  } catch (error) {
    if (error instanceof Cql2Error) return fail("filter", error.message);
    throw error;
  }
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Cql2Error("expected JSON, since filter-lang is cql2-json");
  }
}

function equalFilter(name: string, text: string, collection: Collection, maxVertices: number): Filter {
  const type = collection.properties[name]?.type as PropertyType;
  const isNumber = type === "integer" || type === "number";
  const value = isNumber ? Number(text) : type === "boolean" ? text === "true" : text;
  if (Number.isNaN(value) || (isNumber && text.trim() === "")) {
    return fail(name, `expected a number, but got ${shown(text)}`);
  }
  if (type === "boolean" && !["true", "false"].includes(text)) fail(name, "expected true or false");
  const filter: Filter = { compare: "=", left: { property: name }, right: { value } };
  try {
    return checkedFilter(filter, collection, DEFAULT_CRS, maxVertices);
  } catch (error) {
    if (error instanceof Cql2Error) return fail(name, error.message);
    throw error;
  }
}

/** A box of another system as longitude and latitude, by its corners. Heights do not count. */
function boxFrom(text: string, crs: Crs): Bbox {
  if (crs === DEFAULT_CRS) return bboxFrom(text);
  const parts = text.split(",");
  const flat = parts.length === 6 ? parts.toSpliced(5, 1).toSpliced(2, 1) : parts;
  const numbers = flat.map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (numbers.length !== 4 || !numbers.every(Number.isFinite)) return fail("bbox", "expected four numbers, or six");
  const [low, high] = [toCrs84(crs, numbers.slice(0, 2)), toCrs84(crs, numbers.slice(2))];
  return bboxFrom([...low, ...high].join(","));
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;

/** An instant, or two with a slash between them. An open end is `..` or empty. A date is the whole day in UTC. */
export function intervalFrom(text: string): Interval {
  const parts = text.split("/");
  const [from = "", to = from] = parts;
  const isOpen = (part: string) => part === ".." || part === "";
  const isRight = (part: string) => isOpen(part) || (INSTANT.test(part) && isInstant(part));
  if (parts.length > 2 || !isRight(from) || !isRight(to) || (isOpen(from) && isOpen(to))) {
    return fail(
      "datetime",
      `expected a timestamp such as 2018-05-21T08:00:00Z, or two with / between them, but got ${shown(text)}`,
    );
  }
  const interval = {
    from: isOpen(from) ? undefined : from.includes("T") ? from : `${from}T00:00:00Z`,
    to: isOpen(to) ? undefined : to.includes("T") ? to : `${to}T23:59:59.999999Z`,
  };
  if (interval.from && interval.to && Date.parse(interval.from) > Date.parse(interval.to)) {
    fail("datetime", "its first instant is after its second one");
  }
  return interval;
}

function sortKeys(text: string, { properties }: Collection): SortKey[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > 5) fail("sortby", "expected at most five properties");
  return parts.map((part) => {
    const property = part.replace(/^[+-]/, "");
    if (!Object.hasOwn(properties, property)) {
      const names = Object.keys(properties);
      fail(
        "sortby",
        `there is no ${shownName(property)}; did you mean ${nearest(property, names) ?? names.join(", ")}?`,
      );
    }
    return { property, isDescending: part.startsWith("-") };
  });
}

/** The text for `cursor` that stands for the features behind these values. */
export const cursorOf = (values: readonly FeatureValue[]): string =>
  Buffer.from(JSON.stringify(values)).toString("base64url");

function valuesFrom(cursor: string, count: number): FeatureValue[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    const isValue = (one: unknown) => one === null || (typeof one !== "object" && !String(one).includes("\0"));
    if (Array.isArray(values) && values.length === count && values.every(isValue)) return values;
  } catch {
    // The text is no cursor of ours.
  }
  return fail("cursor", "expected that of a link to the next page, with the same sortby");
}

function fail(field: string, detail: string): never {
  throw new AppError("invalid_parameter", `${field}: ${detail}`, { errors: [{ field, detail }] });
}
