// Names given by people as values of HTTP headers, which are ASCII (RFC 9110, 5.5).

/** Half of a sign of two parts has no bytes in UTF-8. */
const toWhole = (sign: string): string => (/^[\ud800-\udfff]$/.test(sign) ? '\ufffd' : sign);

/** With what is not ASCII, and `%` itself, as the percent-encoded bytes of UTF-8: `B%C3%BCro`. */
export const toHeaderText = (text: string): string =>
  text.replace(/[^\x20-\x7e]|%/gu, (sign) => encodeURIComponent(toWhole(sign)));

/** What was meant; a text that was not written so is itself. */
export function fromHeaderText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
