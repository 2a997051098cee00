// Formats of transcription: what each sends, what it reads of recorded and exemplary replies, and what it takes for failures.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import type { Model } from '#shared/catalog.ts';
import { findLack } from '#lambda/wire/transcription/ask.ts';
import { transcriptionWireOf } from '#lambda/wire/transcription/index.ts';
import { parseTranscriptionForm, type TranscriptionQuestion } from '#lambda/wire/transcription/question.ts';
import { stitchTranscripts } from '#lambda/wire/transcription/stitch.ts';
import { toSegments } from '#lambda/wire/transcription/times.ts';
import { renderTranscript, type Transcript } from '#lambda/wire/transcription/transcript.ts';
import {
  firstStage,
  type AudioCall,
  type NextStep,
  type TranscriptionAsk,
  type TranscriptionWire,
} from '#lambda/wire/transcription/types.ts';

const root = new URL('../fixtures/transcription/', import.meta.url);
const reply = (name: string): string => readFileSync(new URL(`${name}.json`, root), 'utf8');

const plain: TranscriptionQuestion = parseTranscriptionForm({}, 'transcribe');
const timed: TranscriptionQuestion = { ...plain, words: true, segments: true, speakers: true };

interface Asked {
  readonly wire: TranscriptionWire;
  readonly ask: TranscriptionAsk;
}

/** A question to a model of the catalog. */
function toAsked(route: string, question: TranscriptionQuestion, seconds: number | null): Asked {
  const [id] = route.split('/');
  const provider = providers.find((known) => known.id === id);
  const model = provider?.models.find((known) => known.kind === 'transcription' && `${id}/${known.id}` === route);
  const wire = model && provider && transcriptionWireOf(model, provider);
  if (!wire) throw new Error(`nothing speaks ${route}`);
  const { paths } = provider;
  return {
    wire,
    ask: { question, model, paths, name: 'audio.wav', type: 'audio/wav', seconds, stripped: [], boundary: 'b' },
  };
}

const toText = ({ body }: AudioCall): string =>
  body.map((part) => (typeof part === 'string' ? part : `<${part.audio}>`)).join('');

/** Fields of a form in their order, the recording last. */
const toFields = (call: AudioCall): string[] =>
  [...toText(call).matchAll(/name="([^"]+)"(?:; filename="[^"]+"\r\ncontent-type: [^\r]+)?\r\n\r\n([^\r]*)\r\n/g)].map(
    ([, name, value]) => `${name}=${value}`,
  );

function transcriptOf(step: NextStep): Transcript {
  if (step.kind !== 'transcript') throw new Error(`no transcript: ${JSON.stringify(step)}`);
  return step.transcript;
}

function callOf(step: NextStep): Extract<NextStep, { kind: 'call' }> {
  if (step.kind !== 'call') throw new Error(`no call: ${JSON.stringify(step)}`);
  return step;
}

/** What every format reads of the reply it was given last. */
const replies: readonly [route: string, fixture: string, seconds: number, stage?: string][] = [
  ['deepgram/nova-3', 'channels', 25.93],
  ['mistral/voxtral-mini-transcribe-3-0', 'form-segments-speaker', 3.7],
  ['openai/gpt-4o-transcribe-diarize', 'form-diarized', 3.7],
  ['openai/whisper-1', 'form-text', 3.7],
  ['openrouter/openai/whisper-large-v3-turbo', 'form-text-usage', 3.7],
  ['elevenlabs/scribe_v2', 'form-words', 2.5],
  ['xai/grok-stt-1.0', 'form-words-numbers', 2.04],
  ['assemblyai/universal-3-5-pro', 'upload-job-done', 281, 'looking'],
  ['gladia/solaria-1', 'form-upload-job-done', 8.7, 'looking'],
  ['speechmatics/enhanced', 'form-job-done', 4, 'fetching'],
  ['gemini/gemini-3.5-transcribe', 'steps-words', 1],
  ['cloudflare/@cf/openai/whisper-large-v3-turbo', 'base64-result', 3.7],
  ['huggingface/openai/whisper-large-v3-turbo', 'base64-chunks', 3.7],
  ['cohere/cohere-transcribe-03-2026', 'form-text', 3.7],
];

const stageOf = (step: string | undefined) => (step === undefined ? firstStage : { step, id: 'job-1', asked: 1 });

describe.each(replies)('%s', (route, fixture, seconds, step) => {
  const { wire, ask } = toAsked(route, plain, seconds);
  const read = (body: string, question = plain, length: number | null = seconds): NextStep =>
    wire.next(body, stageOf(step), { ...ask, question, seconds: length });

  it('is read into a transcript, whose times run forwards within the recording', () => {
    const { text, segments, words, duration } = transcriptOf(read(reply(fixture)));
    expect(text).toMatch(/\w+/);
    expect(duration).toBe(seconds);
    for (const list of [segments, words]) {
      const times = (list ?? []).flatMap(({ start, end }) => [start, end]);
      expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0))).toBe(true);
      expect(times.every((time) => time <= seconds)).toBe(true);
    }
  });

  it('is doubted when it is empty, and fails when it talks instead, or is no JSON of its format', () => {
    const said = transcriptOf(read(reply(fixture))).text;
    const quoted = JSON.stringify(said).slice(1, -1);
    const talk = "I'm sorry, but I can't transcribe audio.";
    const talking = reply(fixture).replaceAll(quoted, talk).replaceAll(` ${quoted}`, talk);
    // Where the text is made of the words, the words talk.
    const isMadeOfWords = !reply(fixture).includes(quoted);
    if (!isMadeOfWords) expect(read(talking)).toMatchObject({ kind: 'failure', failure: { kind: 'bad_reply' } });
    const emptied = isMadeOfWords
      ? JSON.stringify({ ...(JSON.parse(reply(fixture)) as object), results: [] })
      : reply(fixture).replaceAll(quoted, '');
    expect(read(emptied, plain, Math.max(4, seconds))).toMatchObject({
      kind: 'doubt',
      failure: { kind: 'bad_reply', doubtful: true },
    });
    expect(read(emptied, plain, 2)).toMatchObject({ kind: 'transcript', transcript: { text: '' } });
    expect(read('{"other": 1}')).toMatchObject({ kind: 'failure', failure: { kind: 'bad_reply' } });
    expect(read('<html>')).toMatchObject({ kind: 'failure', failure: { kind: 'bad_reply' } });
  });

  it('fails when its own length shows that it was cut', () => {
    const told = (
      JSON.stringify(JSON.parse(reply(fixture))).match(
        /"(?:duration|audio_duration|audio_duration_secs|prompt_audio_seconds|seconds)":/g,
      ) ?? []
    ).length;
    const step = read(reply(fixture), plain, seconds * 3 + 30);
    // Formats that tell no length can't show it.
    if (told > 0)
      expect(step).toMatchObject({ kind: 'failure', failure: { message: expect.stringMatching(/^only \d+ of/) } });
    else expect(step.kind).toBe('transcript');
  });
});

describe('times', () => {
  const { wire, ask } = toAsked('openai/whisper-1', { ...plain, segments: true }, 40);
  const read = (body: unknown, question = ask.question, seconds: number | null = 40): NextStep =>
    wire.next(JSON.stringify(body), firstStage, { ...ask, question, seconds });

  it('that are missing stay unknown: a reply that lacks them fails where they were asked for', () => {
    const lacking = { text: 'one two', duration: 40, segments: [{ text: 'one two' }] };
    expect(read(lacking)).toMatchObject({ kind: 'failure', failure: { message: 'the transcript has no times' } });
    expect(transcriptOf(read(lacking, plain)).segments).toBeNull();
    const words = { text: 'one', words: [{ word: 'one' }], segments: [{ start: 0, end: 1, text: 'one' }] };
    expect(read(words, { ...plain, words: true })).toMatchObject({
      failure: { message: 'the transcript has no times of words' },
    });
    expect(transcriptOf(read(words, plain)).words).toBeNull();
  });

  it('of a short clip are those of the whole clip', () => {
    expect(transcriptOf(read({ text: 'one two' }, ask.question, 4)).segments).toEqual([
      { start: 0, end: 4, text: 'one two', speaker: null },
    ]);
    expect(read({ text: 'one two' }, ask.question, null)).toMatchObject({ kind: 'failure' });
  });

  it('of words make segments: by sentences, pauses and speakers', () => {
    const word = (text: string, start: number, speaker: string | null = null) => ({
      word: text,
      start,
      end: start + 0.4,
      speaker,
    });
    const words = [
      word('Hello', 0),
      word('there.', 0.5),
      word('And', 1),
      word('then', 3),
      word('you', 3.5, 'B'),
      word('你', 4, 'B'),
      word('好', 4.4, 'B'),
    ];
    expect(toSegments(words).map(({ text, start, end, speaker }) => [text, start, end, speaker])).toEqual([
      ['Hello there.', 0, 0.9, null],
      ['And', 1, 1.4, null],
      ['then', 3, 3.4, null],
      ['you你好', 3.5, 4.800000000000001, 'B'],
    ]);
  });

  it('of silence are none', () => {
    expect(transcriptOf(read({ text: '', duration: 2 }, ask.question, 2)).segments).toEqual([]);
    expect(
      renderTranscript(transcriptOf(read({ text: '' }, ask.question, 2)), 'vtt', {
        task: 'transcribe',
        words: false,
        segments: true,
      }),
    ).toBe('WEBVTT\n\n');
  });
});

describe('speakers', () => {
  it.each([
    ['deepgram/nova-3', 'channels', false],
    ['mistral/voxtral-mini-transcribe-3-0', 'form-segments-speaker', true],
    ['openai/gpt-4o-transcribe-diarize', 'form-diarized', true],
    ['elevenlabs/scribe_v2', 'form-words', true],
    ['xai/grok-stt-1.0', 'form-words-numbers', true],
    ['gemini/gemini-3.5-transcribe', 'steps-words', true],
  ])('%s tells them, or has failed', (route, fixture, tells) => {
    const question = { ...plain, segments: true, speakers: true };
    const { wire, ask } = toAsked(route, question, 1);
    const step = wire.next(reply(fixture), firstStage, ask);
    if (!tells) return expect(step).toMatchObject({ failure: { message: 'the transcript does not tell who speaks' } });
    expect(transcriptOf(step).segments?.[0]?.speaker).toMatch(/\w/);
    const told = JSON.parse(
      renderTranscript(transcriptOf(step), 'diarized_json', { task: 'transcribe', words: false, segments: true }),
    ) as { segments: { type: string; id: string }[] };
    expect(told.segments[0]).toMatchObject({ type: 'transcript.text.segment', id: 'seg_001' });
  });

  it('of several pieces are told apart', () => {
    const piece: Transcript = {
      text: 'a',
      language: null,
      duration: 5,
      segments: [{ start: 0, end: 5, text: 'a', speaker: 'A' }],
      words: [{ start: 0, end: 5, word: 'a', speaker: 'A' }],
    };
    const whole = stitchTranscripts([0, 5].map((start) => ({ start, end: start + 5, transcript: piece })));
    expect(whole.segments?.map(({ speaker }) => speaker)).toEqual(['1-A', '2-A']);
    expect(whole.words?.map(({ speaker }) => speaker)).toEqual(['1-A', '2-A']);
  });
});

describe('requests', () => {
  const asked: TranscriptionQuestion = { ...timed, language: 'de', prompt: 'Names: Ada', temperature: 0.2 };
  const begin = (route: string, question: TranscriptionQuestion): AudioCall => {
    const { wire, ask } = toAsked(route, question, 10);
    return wire.begin(ask);
  };

  it('in the OpenAI form carry all fields, the recording last', () => {
    const call = begin('openai/whisper-1', asked);
    expect(call.path).toBe('/audio/transcriptions');
    expect(toFields(call)).toEqual([
      'model=whisper-1',
      'language=de',
      'prompt=Names: Ada',
      'temperature=0.2',
      'response_format=verbose_json',
      'timestamp_granularities[]=word',
      'timestamp_granularities[]=segment',
      'file=<raw>',
    ]);
    const translation = begin('openai/whisper-1', { ...plain, task: 'translate', language: 'de' });
    expect([translation.path, toFields(translation)]).toEqual([
      '/audio/translations',
      ['model=whisper-1', 'response_format=verbose_json', 'file=<raw>'],
    ]);
  });

  it.each([
    [
      'mistral/voxtral-mini-transcribe-3-0',
      [
        'model=voxtral-mini-transcribe-3-0',
        'language=de',
        'temperature=0.2',
        'timestamp_granularities=segment',
        'diarize=true',
        'file=<raw>',
      ],
    ],
    [
      'elevenlabs/scribe_v2',
      [
        'model_id=scribe_v2',
        'language_code=de',
        'temperature=0.2',
        'diarize=true',
        'tag_audio_events=false',
        'timestamps_granularity=word',
        'file=<raw>',
      ],
    ],
    ['xai/grok-stt-1.0', ['language=de', 'diarize=true', 'file=<raw>']],
    [
      'cohere/cohere-transcribe-03-2026',
      ['model=cohere-transcribe-03-2026', 'language=de', 'temperature=0.2', 'file=<raw>'],
    ],
    [
      'openai/gpt-4o-transcribe-diarize',
      [
        'model=gpt-4o-transcribe-diarize',
        'language=de',
        'temperature=0.2',
        'response_format=diarized_json',
        'chunking_strategy=auto',
        'file=<raw>',
      ],
    ],
  ])('of %s carry its own fields', (route, fields) => {
    expect(toFields(begin(route, asked))).toEqual(fields);
  });

  it('with a raw body carry the question in the query', () => {
    const call = begin('deepgram/nova-3', asked);
    expect(call.path).toBe('/listen?model=nova-3&language=de&diarize=true&smart_format=true&utterances=true');
    expect([call.headers['content-type'], toText(call)]).toEqual(['audio/wav', '<raw>']);
    expect(begin('deepgram/nova-3', plain).path).toBe(
      '/listen?model=nova-3&smart_format=true&utterances=true&detect_language=true',
    );
  });

  it('in JSON carry the recording in base64', () => {
    const whisper = begin('cloudflare/@cf/openai/whisper-large-v3-turbo', asked);
    expect(whisper.path).toBe('/../run/@cf/openai/whisper-large-v3-turbo');
    expect(JSON.parse(toText(whisper))).toEqual({
      audio: '<base64>',
      language: 'de',
      initial_prompt: 'Names: Ada',
      task: 'transcribe',
    });
    expect(JSON.parse(toText(begin('huggingface/openai/whisper-large-v3-turbo', plain)))).toEqual({
      inputs: '<base64>',
      parameters: { return_timestamps: true },
    });
    expect(JSON.parse(toText(begin('gemini/gemini-3.5-transcribe', asked)))).toEqual({
      model: 'gemini-3.5-transcribe',
      input: [{ type: 'audio', data: '<base64>', mime_type: 'audio/wav' }],
      generation_config: {
        transcription_config: {
          language_codes: ['de'],
          mode: { type: 'verbatim', timestamp_granularities: ['word'], diarization_mode: 'speaker' },
        },
      },
    });
  });
});

describe('jobs', () => {
  const follow = (route: string, question: TranscriptionQuestion, bodies: readonly unknown[]): NextStep[] => {
    const { wire, ask } = toAsked(route, question, 4);
    const steps: NextStep[] = [];
    let stage = firstStage;
    for (const body of bodies) {
      const step = wire.next(JSON.stringify(body), stage, ask);
      steps.push(step);
      if (step.kind === 'call') stage = step.stage;
    }
    return steps;
  };
  const paths = (steps: readonly NextStep[]): string[] =>
    steps.map((step) => (step.kind === 'call' ? `${step.call.method} ${step.call.path}` : step.kind));

  it('of an upload are created by its address, looked at with growing pauses, and undone by deleting', () => {
    const queued = { id: 'job-1', status: 'queued' };
    const steps = follow('assemblyai/universal-3-5-pro', { ...timed, prompt: 'Ada' }, [
      { upload_url: 'https://cdn.example/u' },
      queued,
      { ...queued, status: 'processing' },
      { ...(JSON.parse(reply('upload-job-done')) as object), audio_duration: 4 },
    ]);
    expect(paths(steps)).toEqual(['POST /transcript', 'GET /transcript/job-1', 'GET /transcript/job-1', 'transcript']);
    const [create, first, second] = steps.slice(0, 3).map(callOf);
    expect(JSON.parse(create ? toText(create.call) : '')).toEqual({
      speech_models: ['universal-3-5-pro'],
      prompt: 'Ada',
      speaker_labels: true,
      language_detection: true,
      audio_url: 'https://cdn.example/u',
    });
    expect(second?.afterMs).toBeGreaterThan(first?.afterMs ?? 0);
    expect(second?.undo).toMatchObject({ method: 'DELETE', path: '/transcript/job-1' });
    expect(transcriptOf(steps.at(-1) as NextStep).words?.[0]).toEqual({
      word: 'Hello,',
      start: 0.25,
      end: 0.65,
      speaker: 'A',
    });
  });

  it('of an uploaded form do likewise', () => {
    const steps = follow('gladia/solaria-1', { ...timed, language: 'en' }, [
      { audio_url: 'https://api.example/file/1' },
      { id: 'job-1', result_url: 'https://elsewhere.example/steal' },
      { id: 'job-1', status: 'queued' },
      JSON.parse(reply('form-upload-job-done')),
    ]);
    // Where the provider says the result lies is not believed: the key goes with the call.
    expect(paths(steps)).toEqual([
      'POST /pre-recorded',
      'GET /pre-recorded/job-1',
      'GET /pre-recorded/job-1',
      'transcript',
    ]);
    expect(JSON.parse(toText(callOf(steps[0] as NextStep).call))).toEqual({
      model: 'solaria-1',
      language_config: { languages: ['en'] },
      diarization: true,
      audio_url: 'https://api.example/file/1',
    });
    expect(transcriptOf(steps.at(-1) as NextStep).segments?.map(({ speaker }) => speaker)).toEqual(['0', '1']);
  });

  it('of a form are looked at until they are done, then fetched', () => {
    const steps = follow('speechmatics/enhanced', timed, [
      { id: 'job-1' },
      { job: { id: 'job-1', status: 'running' } },
      { job: { id: 'job-1', status: 'done' } },
      JSON.parse(reply('form-job-done')),
    ]);
    expect(paths(steps)).toEqual([
      'GET /jobs/job-1',
      'GET /jobs/job-1',
      'GET /jobs/job-1/transcript?format=json-v2',
      'transcript',
    ]);
    expect(callOf(steps[0] as NextStep).undo?.path).toBe('/jobs/job-1?force=true');
    expect(transcriptOf(steps.at(-1) as NextStep).segments).toEqual([
      { start: 0.55, end: 1.9, text: 'Before we begin.', speaker: 'S1' },
      { start: 2.6, end: 3.1, text: 'Yes', speaker: 'S2' },
    ]);
  });

  it.each([
    [
      'assemblyai/universal-2',
      [{ upload_url: 'u' }, { id: 'job-1', status: 'error', error: 'Language zz is not supported.' }],
      /not supported/,
    ],
    ['assemblyai/universal-2', [{ upload_url: 'u' }, { id: '../other', status: 'queued' }], /no id/],
    [
      'gladia/solaria-1',
      [{ audio_url: 'u' }, { id: 'job-1' }, { id: 'job-1', status: 'error', error_code: 500 }],
      /job failed \(500\)/,
    ],
    [
      'speechmatics/standard',
      [{ id: 'job-1' }, { job: { status: 'rejected', errors: [{ message: 'invalid audio' }] } }],
      /invalid audio/,
    ],
    ['assemblyai/universal-2', [{}], /no address/],
  ])('of %s that go wrong are failures', (route, bodies, message) => {
    expect(follow(route, plain, bodies).at(-1)).toMatchObject({
      kind: 'failure',
      failure: { kind: 'bad_reply', message: expect.stringMatching(message) },
    });
  });
});

describe('what a model can not take', () => {
  const lackOf = (route: string, question: Partial<TranscriptionQuestion>) => {
    const { wire, ask } = toAsked(route, plain, 1);
    return findLack(ask.model, wire.names, { ...plain, ...question });
  };

  it.each<[string, Partial<TranscriptionQuestion>, string | null]>([
    ['groq/whisper-large-v3', { task: 'translate' }, null],
    ['groq/whisper-large-v3-turbo', { task: 'translate' }, 'translate'],
    ['groq/whisper-large-v3', { speakers: true }, 'speakers'],
    ['mistral/voxtral-mini-transcribe-3-0', { words: true }, 'words'],
    ['cohere/cohere-transcribe-03-2026', {}, 'no language'],
    ['cohere/cohere-transcribe-03-2026', { language: 'de' }, null],
    ['cohere/cohere-transcribe-03-2026', { language: 'de', segments: true }, 'segments'],
    ['deepgram/nova-3', { prompt: 'Ada' }, 'prompt'],
    ['deepgram/nova-3', { temperature: 0 }, null],
    ['deepgram/nova-3', { temperature: 0.4 }, 'temperature'],
    ['huggingface/openai/whisper-large-v3-turbo', { language: 'de' }, 'language'],
    ['gpt-x', {}, null],
  ])('%s, asked for %o: %s', (route, question, lack) => {
    if (route !== 'gpt-x') return expect(lackOf(route, question)).toBe(lack);
    // A custom model that says nothing of itself takes everything.
    const custom: Model = { id: 'gpt-x', kind: 'transcription', capabilities: [] };
    const { wire } = toAsked('openai/whisper-1', plain, 1);
    expect(findLack(custom, wire.names, timed)).toBe(lack);
  });
});
