/** A record of a CSV, each cell quoted where it must be. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(",")}\n`;

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
