// Finding text by words, as people mean it: in any order, whatever the case, the accents and the width of the letters.

/** Letters without case, accents and width: `É` is `e`, `Ｆ` is `f`. */
export const foldText = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036F]/g, '');

/** The words of what was typed, folded. */
export const toWords = (text: string): readonly string[] => foldText(text).split(/\s+/).filter(Boolean);
