// One transcription under way: sent to the server, cancelled when asked, its failure kept in words.
import { useEffect, useRef, useState } from 'react';
import { ApiError, useApi } from '../../lib/api.ts';
import { transcriptSchema, type Transcript } from './transcript.ts';

/** A finished transcription, and who made it. */
export interface Done {
  readonly transcript: Transcript;
  readonly route: string;
  readonly attempts: number;
}

export type WorkState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'working' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly done: Done };

export interface Work {
  readonly state: WorkState;
  readonly start: (file: File, language: string) => Promise<void>;
  readonly cancel: () => void;
  readonly reset: () => void;
}

function toForm(file: File, language: string): FormData {
  const form = new FormData();
  form.append('file', file);
  form.append('model', 'auto');
  form.append('response_format', 'verbose_json');
  form.append('timestamp_granularities[]', 'segment');
  if (language !== '') form.append('language', language);
  return form;
}

export function useWork(): Work {
  const api = useApi();
  const [state, setState] = useState<WorkState>({ kind: 'idle' });
  const aborter = useRef<AbortController | null>(null);
  useEffect(() => () => aborter.current?.abort(), []);
  useEffect(() => {
    if (state.kind !== 'working') return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [state.kind]);
  return {
    state,
    start: async (file, language) => {
      const { signal } = (aborter.current = new AbortController());
      setState({ kind: 'working' });
      try {
        const reply = await api.open({ path: '/v1/audio/transcriptions', form: toForm(file, language), signal });
        const transcript = transcriptSchema.parse(await reply.json());
        const route = reply.headers.get('x-freeway-route') ?? '';
        setState({
          kind: 'done',
          done: { transcript, route, attempts: Number(reply.headers.get('x-freeway-attempts') ?? 1) },
        });
      } catch (error) {
        if (signal.aborted) return setState({ kind: 'idle' });
        if (!(error instanceof ApiError)) throw error;
        setState({ kind: 'failed', message: error.message });
      }
    },
    cancel: () => aborter.current?.abort(),
    reset: () => setState({ kind: 'idle' }),
  };
}
