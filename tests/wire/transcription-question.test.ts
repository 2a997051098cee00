// The fields of the form: which make sense, and how they are told to models.
import { describe, expect, it } from 'vitest';
import {
  parseTranscriptionForm,
  type FormFields,
  type TranscriptionQuestion,
} from '#lambda/wire/transcription/question.ts';

describe('questions', () => {
  it.each<[FormFields, string, TranscriptionQuestion['task']]>([
    [{ language: ['xx'] }, 'language', 'transcribe'],
    [{ language: ['english'] }, 'language', 'transcribe'],
    [{ response_format: ['diarized_json'] }, 'response_format', 'translate'],
  ])('that make no sense name the field: %o', (fields, param, task) => {
    expect(() => parseTranscriptionForm(fields, task)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param }) as Error,
    );
  });

  it('that nobody can answer are refused', () => {
    expect(() => parseTranscriptionForm({ 'include[]': ['logprobs'] }, 'transcribe')).toThrow(
      expect.objectContaining({ code: 'no_candidate', param: 'include' }) as Error,
    );
  });

  it.each<[FormFields, { language: string | null; prompt: string | null }]>([
    [{ 'keywords[]': ['Kubernetes', 'Grace Hopper'] }, { language: null, prompt: 'Kubernetes, Grace Hopper' }],
    [
      { prompt: ['About ships.'], keywords: ['Ilves'] },
      { language: null, prompt: 'About ships. Ilves' },
    ],
    [{ 'languages[]': ['de-AT'] }, { language: 'de', prompt: null }],
    [{ 'languages[]': ['de', 'en'] }, { language: null, prompt: null }],
    [
      { language: ['fr'], 'languages[]': ['de'] },
      { language: 'fr', prompt: null },
    ],
    [
      { 'keywords[]': [''], prompt: [''] },
      { language: null, prompt: null },
    ],
  ])('tell names and languages as models are told them: %o', (fields, told) => {
    expect(parseTranscriptionForm(fields, 'transcribe')).toMatchObject(told);
  });

  it('refuse possible languages that are none', () => {
    expect(() => parseTranscriptionForm({ 'languages[]': ['de', 'xx'] }, 'transcribe')).toThrow(/language is "xx"/);
  });

  it('take codes of languages in their usual forms', () => {
    const codes = ['de', 'pt-BR', 'yue', 'zh-Hans', ''].map(
      (code) => parseTranscriptionForm({ language: [code] }, 'transcribe').language,
    );
    expect(codes).toEqual(['de', 'pt', 'yue', 'zh', null]);
  });
});
