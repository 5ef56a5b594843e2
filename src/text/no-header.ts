const NUMBER = /^[+-]?(\d+([.,]\d+)?|[.,]\d+)$/;
const TIME = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?$/;

/** Whether a cell holds a number or a time, and no name. */
export const isValue = (cell: string): boolean => NUMBER.test(cell.trim()) || TIME.test(cell.trim());

/**
 * Whether the first row of a CSV holds values, and not the names of columns: at least half of its cells are numbers or
 * times, and one of them is a time, a fraction or a number of nine digits or more.
 */
export function isDataRow(cells: readonly string[]): boolean {
  const given = cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  const values = given.filter(isValue);
  if (values.length === 0 || values.length * 2 < given.length) return false;
  return values.some((cell) => TIME.test(cell) || /[.,]\d/.test(cell) || cell.replace(/\D/g, "").length >= 9);
}
