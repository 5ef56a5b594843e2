import { bad, type Parsed } from "../kit/parsed.ts";
import { CELL_FORMS, type CellForm, pointFromCell } from "./cell-point.ts";
import { PATH_FORMS, type PathForm } from "./path.ts";
import { POINT_FORMS, type Point, type PointForm, pointIn } from "./point.ts";

/** How a column holds a place: as a point, or as the name of a cell. */
export type PlaceForm = PointForm | CellForm;
export const PLACE_FORMS: readonly PlaceForm[] = [...POINT_FORMS, ...CELL_FORMS];

/** Every form that a column of a mapping may have. */
export const COLUMN_FORMS = [...new Set([...PLACE_FORMS, ...PATH_FORMS])] as const;
export type ColumnForm = PlaceForm | PathForm;

const isCellForm = (form: string): form is CellForm => (CELL_FORMS as readonly string[]).includes(form);

/** The point of a value in a known form. */
export function placeIn(value: unknown, form: ColumnForm): Parsed<Point> {
  if (isCellForm(form)) return pointFromCell(value, form);
  if ((POINT_FORMS as readonly string[]).includes(form)) return pointIn(value, form as PointForm);
  return bad("invalid_point", `${form} is no form of a point`);
}
