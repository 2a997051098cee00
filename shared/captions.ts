// Captions as files: SubRip and WebVTT.

/** What is said from one moment to another, seconds from the beginning of the recording. */
export interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `00:01:02,345` or with a point. */
function toClock(seconds: number, mark: ',' | '.'): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  return `${pad(hours)}:${pad(minutes)}:${pad(Math.floor(ms / 1000) % 60)}${mark}${pad(ms % 1000, 3)}`;
}

/** What a caption says: an empty line would end it. */
const toLines = (text: string): string => text.trim().replace(/\s*\n\s*/g, '\n');

/** SubRip. It has no way to write the arrow of its times in what is said, so that a shorter one stands for it. */
export const toSrt = (cues: readonly Cue[]): string =>
  cues
    .map(({ start, end, text }, index) => {
      const said = toLines(text).replaceAll('-->', '->');
      return `${index + 1}\n${toClock(start, ',')} --> ${toClock(end, ',')}\n${said}\n`;
    })
    .join('\n');

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** WebVTT, where `<` would begin a tag, `&` a sign of its own, and the arrow the times of another cue (W3C WebVTT, 4.2.2). */
export const toVtt = (cues: readonly Cue[]): string => {
  const told = cues.map(({ start, end, text }) => {
    const said = toLines(text).replace(/[&<>]/g, (sign) => entities[sign] ?? sign);
    return `${toClock(start, '.')} --> ${toClock(end, '.')}\n${said}\n`;
  });
  return `WEBVTT\n\n${told.join('\n')}`;
};
