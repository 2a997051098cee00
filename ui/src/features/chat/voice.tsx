// Speaking instead of typing: records, has it written down by whatever transcribes for free, and puts the words into the message field to be looked over.
import { useQuery } from '@tanstack/react-query';
import { Check, LoaderCircle, Mic, X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import * as z from 'zod/mini';
import { IconButton } from '../../components/button.tsx';
import { ApiError, useApi } from '../../lib/api.ts';
import { formatCountdown } from '../../lib/format.ts';
import { useMessages } from '../../lib/messages.ts';
import { canRecord, useMicrophone, type Recording } from '../../lib/microphone.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { chatMessages } from './messages.ts';
import { modelsQuery } from './models.ts';

const transcriptSchema = z.object({ text: z.string() });

/** Whether anything that is reachable writes down speech. */
function useCanListen(): boolean {
  const api = useApi();
  const { data } = useQuery(modelsQuery(api));
  return canRecord() && (data?.data.some(({ freeway }) => freeway.kind === 'transcription') ?? false);
}

interface Voice {
  readonly state: 'idle' | 'recording' | 'writing';
  readonly startedAtMs: number;
  readonly start: () => Promise<void>;
  readonly cancel: () => void;
  readonly finish: () => Promise<void>;
}

function useVoice(onText: (text: string) => void): Voice {
  const t = useMessages(chatMessages);
  const api = useApi();
  const { show, announce } = useToasts();
  const [recording, setRecording] = useState<Recording | null>(null);
  const [writing, setWriting] = useState(false);
  const openMicrophone = useMicrophone();
  // What is typed meanwhile must not be lost.
  const latestOnText = useRef(onText);
  useEffect(() => {
    latestOnText.current = onText;
  });
  const start = async (): Promise<void> => {
    try {
      const microphone = await openMicrophone();
      if (microphone === null) return;
      setRecording(microphone.record());
      announce(t.recording);
    } catch {
      show(t.noMicrophone);
    }
  };
  const stop = async (): Promise<File | null> => {
    if (recording === null) return null;
    setRecording(null);
    recording.stop();
    return recording.done;
  };
  const finish = async (): Promise<void> => {
    const sound = await stop();
    if (sound === null) return;
    const form = new FormData();
    form.set('model', 'auto');
    form.set('file', sound);
    setWriting(true);
    try {
      const { text } = await api.call({ path: '/v1/audio/transcriptions', form, schema: transcriptSchema });
      latestOnText.current(text.trim());
    } catch (error) {
      show(error instanceof ApiError ? error.message : String(error));
    } finally {
      setWriting(false);
    }
  };
  return {
    state: writing ? 'writing' : recording === null ? 'idle' : 'recording',
    startedAtMs: recording?.startedAtMs ?? 0,
    start,
    cancel: () => void stop(),
    finish,
  };
}

function Timer({ startedAtMs }: { readonly startedAtMs: number }): ReactNode {
  const [nowMs, setNowMs] = useState(startedAtMs);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <span className="text-sm tabular-nums">{formatCountdown(nowMs - startedAtMs)}</span>;
}

/** The button that listens; while it does, how to end it. Nothing where nobody transcribes. */
export function VoiceButton({ onText }: { readonly onText: (text: string) => void }): ReactNode {
  const t = useMessages(chatMessages);
  const canListen = useCanListen();
  const { state, startedAtMs, start, cancel, finish } = useVoice(onText);
  if (!canListen) return null;
  if (state === 'writing')
    return (
      <span role="status" className="grid size-10 place-items-center text-accent">
        <LoaderCircle size={18} aria-hidden className="animate-spin" />
        <span className="sr-only">{t.writing}</span>
      </span>
    );
  if (state === 'idle')
    return (
      <IconButton label={t.speak} round onClick={() => void start()}>
        <Mic size={19} aria-hidden />
      </IconButton>
    );
  return (
    <div
      role="group"
      aria-label={t.recording}
      className="flex items-center gap-1 rounded-full bg-danger-tint ps-3 text-danger"
    >
      <span aria-hidden className="size-2 animate-pulse rounded-full bg-danger" />
      <Timer startedAtMs={startedAtMs} />
      <IconButton label={t.cancel} round onClick={cancel}>
        <X size={18} aria-hidden />
      </IconButton>
      <IconButton label={t.done} round onClick={() => void finish()}>
        <Check size={18} aria-hidden />
      </IconButton>
    </div>
  );
}
