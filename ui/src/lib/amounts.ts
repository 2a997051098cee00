// Amounts that people type, with a point or a comma, with or without the sign of the dollar.

/** The amount; null for an empty field, undefined for what is none: a bound that can't be read must never become no bound. */
export function parseAmount(text: string): number | null | undefined {
  const typed = text.replaceAll(/[\s$]/g, '');
  if (text.trim() === '') return null;
  // Three digits behind a comma may be thousands, or not.
  return /^\d+([.,]\d+)?$/.test(typed) && !/,\d{3}$/.test(typed) ? Number(typed.replace(',', '.')) : undefined;
}

/** Whether a field is empty or holds an amount. */
export const isAmount = (text: string): boolean => parseAmount(text) !== undefined;
