// Splits an answer into blocks that stand for themselves, so that only the last one is read again while it grows.

const fence = /^ {0,3}(`{3,}|~{3,})/;
/** Lines that may belong to the block before them although a blank line lies between. */
const goesOn = /^(\s{2,}|\s*([-*+]|\d{1,9}[.)])\s|\[\^)/;

/** Blocks of Markdown text in order; joined they are the text again. Fences, lists and math are never torn. */
export function toBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let block = '';
  let open: string | null = null;
  let blank = false;
  for (const line of text.split(/(?<=\n)/)) {
    const mark = fence.exec(line)?.[1];
    const isMath = line.trim() === '$$';
    if (open === null && blank && line.trim() !== '' && !goesOn.test(line) && block !== '') {
      blocks.push(block);
      block = '';
    }
    block += line;
    if (open !== null) {
      const closes = open === '$$' ? isMath : mark !== undefined && mark.startsWith(open) && line.trim() === mark;
      if (closes) open = null;
    } else if (mark !== undefined) open = mark;
    else if (isMath) open = '$$';
    blank = open === null && line.trim() === '';
  }
  if (block !== '') blocks.push(block);
  return blocks;
}
