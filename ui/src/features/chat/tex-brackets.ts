// Maths as models write it, in TeX's own brackets or in dollars that begin in the middle of a line, as the dollars that Markdown understands here.

/** A fence to its end, or to the end of what has come; a code span; maths on lines of its own, in brackets and in dollars; maths in a line. */
const parts =
  /^[ \t>]*(?<fence>`{3,}(?=[^`\n]*$)|~{3,})[\s\S]*?(?:\n[ \t>]*\k<fence>[`~]*[ \t]*$|(?![\s\S]))|(?<!`)(?<tick>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])*?(?<!`)\k<tick>(?!`)|(?<!\\)\\\[(?<display>(?:(?!^[ \t>]*(?:`{3}|~{3}))[\s\S])+?)\\\]|(?<=^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)\$\$(?!\$)(?<dollars>(?:(?!\$\$)[\s\S])+)\$\$(?=[ \t]*$)|(?<!\\)\\\((?<inline>.+?)\\\)/gm;

/** What stands before a line of a quote or a list, and the rest of it. */
const lead = /^(?<signs>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?<rest>.*)$/;

/** Maths between dollars on lines of their own, within the quote, the list or the words around it. */
function toLines(maths: string, before: string, after: string): string {
  const { signs = '', rest = '' } = lead.exec(before)?.groups ?? {};
  // A row of a table has no room for lines.
  if (rest.startsWith('|')) return `$$${maths.trim()}$$`;
  const margin = signs.replaceAll(/[^ \t>]/g, ' ');
  const sign = margin.includes('>') ? /^[ \t>]+/gm : /^[ \t]+/gm;
  const lines = maths.replaceAll(sign, '').trim().split('\n').map((line) => margin + line); // prettier-ignore
  const opening = rest.trim() === '' ? '$$' : `\n${margin}$$`;
  const closing = after.trim() === '' ? '' : `\n${margin}`;
  return [opening, ...lines, `${margin}$$${closing}`].join('\n');
}

/** The text with dollars in place of brackets. Code stays as it is: there brackets with a backslash mean something else. */
export function toDollars(text: string): string {
  if (!/\\[([]|\$\$/.test(text)) return text;
  return text.replaceAll(parts, (...matched: unknown[]) => {
    const [whole, at] = [String(matched[0]), Number(matched.at(-3))];
    const { display, dollars, inline } = matched.at(-1) as Partial<Record<'display' | 'dollars' | 'inline', string>>;
    const maths = display ?? dollars;
    if (maths === undefined) return inline === undefined ? whole : `$$${inline}$$`;
    const [before] = text.slice(text.lastIndexOf('\n', at - 1) + 1, at).split('\n');
    const [after] = text.slice(at + whole.length, at + whole.length + 200).split('\n');
    return toLines(maths, before ?? '', after ?? '');
  });
}
