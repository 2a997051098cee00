// Tables for spreadsheets.

type Cell = string | number | boolean | null | undefined;

/** One cell. What a spreadsheet would run as a formula is defused; some take the wide signs of Japanese keyboards, too. */
function toCell(value: Cell): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of names, and a line for each row. */
export function toTable(columns: readonly string[], rows: readonly Readonly<Record<string, Cell>>[]): string {
  return [columns.join(','), ...rows.map((row) => columns.map((name) => toCell(row[name])).join(','))].join('\r\n');
}
