// What stands in text fields, read and written: lists, and JSON objects.

/** Words separated by commas or spaces. */
export const toList = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** An object as text; an empty one is no text. */
export const toText = (object: Readonly<Record<string, unknown>> | undefined): string =>
  object === undefined || Object.keys(object).length === 0 ? '' : JSON.stringify(object);

/** The object of a text; an empty text is an empty object, and null stands for what is none. */
export function toObject(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Whether a text is a name of a flag or an experiment, as the server judges it. */
export const isName = (text: string): boolean => /^[a-z0-9][a-z0-9-]{0,39}$/.test(text.trim());

/** Whether a text is a percentage. */
export const isPercent = (text: string): boolean => {
  const value = Number(text);
  return text.trim() !== '' && value >= 0 && value <= 100;
};
