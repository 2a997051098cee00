// Talk of chat models that were to transcribe, told from speech that begins with the same words.
import { describe, expect, it } from 'vitest';
import { judgeTranscript } from '#lambda/wire/transcription/judge.ts';
import { parseTranscriptionForm } from '#lambda/wire/transcription/question.ts';

const question = parseTranscriptionForm({}, 'transcribe');
const kindOf = (text: string): string =>
  judgeTranscript({ text, language: null, duration: 20, segments: null, words: null }, question, 20).kind;

describe('a transcript', () => {
  it.each([
    "I'm sorry I'm late, the train was held up near Leeds.",
    "I'm sorry, but I can't come to the meeting tomorrow.",
    'I’m sorry for your loss.',
    "I'm sorry, I can't hear you, can you turn your microphone on?",
    'Sorry, I was on mute.',
    "I can't help falling in love with you.",
    'I can’t help but wonder what they were thinking.',
    'The audio is fine now, thank you. Shall we begin?',
    'This audio is brought to you by the library of the city.',
    'As an AI company we look for people who write well.',
    'Sure, here you go, two coffees and a tea.',
    "I can't process all of this at once, let's take a break.",
  ])('that begins %j is what somebody said', (text) => {
    expect(kindOf(text)).toBe('transcript');
  });

  it.each([
    "I'm sorry, but I can't transcribe audio.",
    "I'm sorry, but I can't listen to audio files.",
    "I'm sorry, but I am unable to process audio content directly.",
    "I'm sorry, but I can't assist with that request.",
    "I'm sorry, I can't help with that.",
    'I’m sorry, but there is no audio attached to your message.',
    'Sorry, but I cannot transcribe this recording.',
    'As an AI language model, I do not hear.',
    "As an AI, I can't listen to recordings.",
    "I can't transcribe the audio you sent.",
    'I am unable to process audio files.',
    "I can't assist with that.",
    'Sure, here is the transcription of the audio:',
    'Sure! Here’s the transcript:',
    'Here is the transcript of the recording:',
    "Here's a transcription of the audio file:",
    'The audio contains a man who speaks of bridges.',
    'The audio file is empty.',
    'The audio appears to be silent.',
    'This audio is a recording of a conversation between two people.',
    'The audio seems to hold only noise.',
  ])('that reads %j is talk about the recording', (text) => {
    expect(kindOf(text)).toBe('failure');
  });
});
