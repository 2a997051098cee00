// Checks a request for speech.
import { CallerError } from '#shared/failures.ts';
import { toText } from '../json.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { readPlain, type PlainQuestion } from '../plain.ts';

/** A request for speech. */
export interface SpeechQuestion extends PlainQuestion {
  readonly characters: number;
  /** MIME type of the sound asked for. */
  readonly type: string;
}

/** What OpenAI takes in one request. */
const MOST_CHARACTERS = 4_096;

const types: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};

/** Reads a request. Throws CallerError `invalid_request` naming the field at fault. */
export function parseSpeech(json: unknown): SpeechQuestion {
  const plain = readPlain(json, ({ input, instructions }) => [
    toText(input) ?? fail('input', 'a non-empty string', input),
    // How it is to be said is written to the model as well.
    ...[toText(instructions)].filter((text) => text !== null),
  ]);
  const { body } = plain;
  const characters = [...(plain.texts[0]?.text ?? '')].length;
  if (characters > MOST_CHARACTERS)
    throw new CallerError(
      'invalid_request',
      `input has ${characters} characters; ${MOST_CHARACTERS} is the most that can be spoken at once. Send it in parts.`,
      { param: 'input' },
    );
  const format = body['response_format'] ?? 'mp3';
  const type = typeof format === 'string' ? types[format] : undefined;
  if (type === undefined) return failShowing('response_format', `one of ${Object.keys(types).join(', ')}`, format);
  const { speed } = body;
  if (speed !== undefined && speed !== null && !(typeof speed === 'number' && speed >= 0.25 && speed <= 4))
    return failShowing('speed', 'a number from 0.25 to 4', speed);
  return { ...plain, characters, type };
}
