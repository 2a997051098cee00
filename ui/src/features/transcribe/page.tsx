// Transcribe: a recording in, its text out, whoever serves it.
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { Allowance } from '#shared/api/transcriptions.ts';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { useApi } from '../../lib/api.ts';
import { formatBytes } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { History } from './history.tsx';
import { readAllowance } from './job.ts';
import { transcribeMessages } from './messages.ts';
import { Bar, Progress } from './progress.tsx';
import { Result } from './result.tsx';
import type { Shelf } from './shelf.ts';
import { AudioSource } from './source.tsx';
import type { Work, WorkState } from './work.ts';
import { useShelf, useTranscripts, useWork } from './world.ts';

const spoken = [
  'en',
  'de',
  'fr',
  'es',
  'it',
  'pt',
  'nl',
  'pl',
  'tr',
  'ru',
  'uk',
  'ar',
  'hi',
  'zh',
  'ja',
  'ko',
] as const;

interface LanguageProps {
  readonly chosen: string;
  readonly onChoose: (code: string) => void;
}

function LanguageChoice({ chosen, onChoose }: LanguageProps): ReactNode {
  const t = useMessages(transcribeMessages);
  const names = new Intl.DisplayNames(useLanguage(), { type: 'language' });
  return (
    <label className="text-sm">
      <span className="block text-muted">{t.language}</span>
      <select
        value={chosen}
        onChange={({ target }) => onChoose(target.value)}
        className="mt-1 min-h-10 rounded-xl border border-line-strong bg-page px-3 text-sm"
      >
        <option value="">{t.anyLanguage}</option>
        {spoken.map((code) => (
          <option key={code} value={code}>
            {names.of(code)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Seconds of a recording, as the browser can tell them; null while or when it can't. */
function useSeconds(file: File): number | null {
  const [seconds, setSeconds] = useState<number | null>(null);
  useEffect(() => {
    const url = URL.createObjectURL(file);
    const audio = new Audio();
    audio.preload = 'metadata';
    audio.addEventListener('loadedmetadata', () => setSeconds(Number.isFinite(audio.duration) ? audio.duration : null));
    audio.src = url;
    return () => URL.revokeObjectURL(url);
  }, [file]);
  return seconds;
}

/** What it will take of the free limits, before anything is spent. */
function Estimate({ file, allowance }: { readonly file: File; readonly allowance: Allowance }): ReactNode {
  const t = useMessages(transcribeMessages);
  const seconds = useSeconds(file);
  const minutes = (count: number): string => t.minutes(Math.max(1, Math.round(count / 60)));
  const { free_seconds: free, free_models: freeModels } = allowance;
  if (freeModels === 0) return null;
  const told = (): string => {
    if (seconds === null) return free === null ? t.freeUnbounded : t.freeLeft(minutes(free));
    return free === null || free >= seconds ? t.freeAll(minutes(seconds)) : t.freeSome(minutes(seconds), minutes(free));
  };
  return <p className="mt-2 text-sm text-muted">{told()}</p>;
}

interface ReadyProps {
  readonly file: File;
  readonly work: Work;
  readonly state: WorkState;
  readonly allowance: Allowance | undefined;
  readonly onOther: () => void;
}

/** Before the server knows of it: how, and what it takes. */
function Choices({ file, work, state, allowance, onOther, chosen, onChoose }: ReadyProps & LanguageProps): ReactNode {
  const t = useMessages(transcribeMessages);
  return (
    <>
      {allowance !== undefined && <Estimate file={file} allowance={allowance} />}
      <div className="mt-4 flex flex-wrap items-end gap-3">
        <LanguageChoice chosen={chosen} onChoose={onChoose} />
        <Button look="primary" onClick={() => void work.start(chosen, allowance?.max_bytes === 0)}>
          {state.kind === 'failed' ? t.retry : t.start}
        </Button>
        <Button look="quiet" onClick={onOther}>
          {t.other}
        </Button>
      </div>
    </>
  );
}

function Ready(props: ReadyProps): ReactNode {
  const { file, work, state } = props;
  const t = useMessages(transcribeMessages);
  const language = useLanguage();
  // Here, so that it is still chosen when it did not work.
  const [chosen, setChosen] = useState('');
  const size = formatBytes(file.size, language);
  return (
    <div className="rounded-2xl border border-line bg-raised p-5">
      <p className="truncate text-sm font-medium">{t.file(file.name, size)}</p>
      {state.kind === 'failed' && (
        <div className="mt-3">
          <Notice tone="danger" title={t.failed}>
            {state.message}
          </Notice>
        </div>
      )}
      {state.kind === 'job' && <Progress job={state.job} work={work} />}
      {(state.kind === 'sending' || state.kind === 'uploading') && (
        <div className="mt-4">
          <Bar label={t.progress} share={state.kind === 'uploading' ? state.sent / Math.max(1, file.size) : 0} />
          <p role="status" className="mt-2 mb-4 text-sm">
            {state.kind === 'uploading' ? t.uploading(formatBytes(state.sent, language), size) : t.working}
          </p>
          <Button small onClick={() => void work.cancel()}>
            {t.cancel}
          </Button>
        </div>
      )}
      {(state.kind === 'idle' || state.kind === 'failed') && (
        <Choices {...props} chosen={chosen} onChoose={setChosen} />
      )}
    </div>
  );
}

/** What a microphone heard before the page broke. */
function Interrupted({ shelf, onFile }: { readonly shelf: Shelf; readonly onFile: (file: File) => void }): ReactNode {
  const t = useMessages(transcribeMessages);
  const language = useLanguage();
  const [found, setFound] = useState<File | null>(null);
  useEffect(() => {
    shelf
      .heard()
      .then(setFound)
      .catch(() => undefined);
  }, [shelf]);
  if (found === null) return null;
  const actions = (
    <>
      <Button small look="primary" onClick={() => onFile(found)}>
        {t.use}
      </Button>
      <Button small onClick={() => void shelf.forget().then(() => setFound(null))}>
        {t.discard}
      </Button>
    </>
  );
  return (
    <div className="mb-4">
      <Notice tone="info" title={t.found} actions={actions}>
        {t.foundText(formatBytes(found.size, language))}
      </Notice>
    </div>
  );
}

/** Told before anything is recorded or chosen, since nothing could become of it. */
function Nobody(): ReactNode {
  const t = useMessages(transcribeMessages);
  const navigate = useNavigate();
  const actions = (
    <Button small look="primary" onClick={() => void navigate({ to: '/providers' })}>
      {t.addKey}
    </Button>
  );
  return (
    <div className="mb-4">
      <Notice tone="info" title={t.nobody} actions={actions} />
    </div>
  );
}

/** Without an upload, no more than this fits into one request. */
const ONE_REQUEST_BYTES = 4_400_000;

/** The page. */
export function TranscribePage(): ReactNode {
  const t = useMessages(transcribeMessages);
  const api = useApi();
  const shelf = useShelf();
  const { work, view } = useWork();
  const { file, state } = view;
  const { write } = useTranscripts();
  const { data: allowance } = useQuery({ queryKey: ['transcription-allowance'], queryFn: () => readAllowance(api) });
  const choose = (chosen: File): void => work.choose(chosen);
  const drop = (): void => work.drop();
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
        <p className="mt-1 mb-6 text-sm text-muted">{t.intro}</p>
        {allowance?.free_models === 0 && allowance.paid_models === 0 && <Nobody />}
        {file === null && (
          <>
            <Interrupted shelf={shelf} onFile={choose} />
            <AudioSource shelf={shelf} onFile={choose} maxBytes={allowance?.max_bytes || ONE_REQUEST_BYTES} />
          </>
        )}
        {file !== null && state.kind !== 'done' && (
          <Ready file={file} work={work} state={state} allowance={allowance} onOther={drop} />
        )}
        {file !== null && state.kind === 'done' ? (
          <>
            <Result kept={state.kept} file={file} onChange={write} />
            <Button className="mt-8" onClick={drop}>
              {t.other}
            </Button>
          </>
        ) : (
          <History />
        )}
      </div>
    </main>
  );
}
