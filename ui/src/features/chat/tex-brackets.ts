// Maths in TeX's own brackets, which many models write, as the dollars that Markdown understands here.

/** A fence to its end, or to the end of what has come; a code span; maths on lines of its own; maths in a line. */
const parts =
  /^[ \t>]*(?<fence>`{3,}(?=[^`\n]*$)|~{3,})[\s\S]*?(?:\n[ \t>]*\k<fence>[`~]*[ \t]*$|(?![\s\S]))|(?<!`)(?<tick>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])*?(?<!`)\k<tick>(?!`)|(?<!\\)\\\[(?<display>(?:(?!^[ \t>]*(?:`{3}|~{3}))[\s\S])+?)\\\]|(?<!\\)\\\((?<inline>.+?)\\\)/gm;

/** The text with dollars in place of brackets. Code stays as it is: there brackets with a backslash mean something else. */
export function toDollars(text: string): string {
  if (!/\\[([]/.test(text)) return text;
  return text.replaceAll(parts, (...matched: unknown[]) => {
    const { display, inline } = matched.at(-1) as Partial<Record<'display' | 'inline', string>>;
    if (display !== undefined) return `$$\n${display.trim()}\n$$`;
    return inline === undefined ? String(matched[0]) : `$$${inline}$$`;
  });
}
