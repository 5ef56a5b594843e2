import type { Condition } from "../queries/query.ts";
import { conditionSchema } from "../queries/query-definition.ts";
import { whereFrom } from "../queries/query-from.ts";
import { FIELD_NAMES } from "../queries/query-names.ts";
import { OPERANDS, TESTS } from "../queries/query-operands.ts";
import type { Subject } from "./alert.ts";

/** The texts of a detection that a rule can test. */
export const DETECTION_TEXTS = ["make", "model", "category", "camera"] as const;

const DETECTION_TESTS = {
  ...Object.fromEntries(DETECTION_TEXTS.map((name) => [name, OPERANDS.text])),
  year: OPERANDS.number,
  ...{ week: OPERANDS.week, week_start: OPERANDS.date, day: OPERANDS.date },
  ...{ hour: OPERANDS.hour, weekday: OPERANDS.weekday },
};

const COMMON = ["and", "or", "not", "within", "from", "to"];
const SCHEMAS = {
  trips: { schema: conditionSchema("TripRuleCondition", TESTS), names: [...COMMON, ...FIELD_NAMES] },
  detections: {
    schema: conditionSchema("DetectionRuleCondition", DETECTION_TESTS),
    names: [...COMMON, ...Object.keys(DETECTION_TESTS)],
  },
} as const;

/**
 * The condition of a rule, in the words of `where` in `POST /v1/query`. A detection has `make`, `model`, `category`,
 * `year` and `camera` in the place of what trips have.
 *
 * @throws AppError invalid_body with every fault and its path; invalid_area
 */
export const conditionOf = (on: Subject, where: unknown, maxVertices?: number): Condition =>
  whereFrom(where, SCHEMAS[on].schema, SCHEMAS[on].names, maxVertices);
