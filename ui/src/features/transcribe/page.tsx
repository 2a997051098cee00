// Transcribe: a recording in, its text out, whoever serves it.
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { formatBytes } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { transcribeMessages } from './messages.ts';
import { Result } from './result.tsx';
import { AudioSource } from './source.tsx';
import { useWork, type Work } from './work.ts';

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

function Ready({
  file,
  work,
  onOther,
}: {
  readonly file: File;
  readonly work: Work;
  readonly onOther: () => void;
}): ReactNode {
  const t = useMessages(transcribeMessages);
  const language = useLanguage();
  const [chosen, setChosen] = useState('');
  const { state, start, cancel } = work;
  return (
    <div className="rounded-2xl border border-line bg-raised p-5">
      <p className="truncate text-sm font-medium">{t.file(file.name, formatBytes(file.size, language))}</p>
      {state.kind === 'failed' && (
        <div className="mt-3">
          <Notice tone="danger" title={t.failed}>
            {state.message}
          </Notice>
        </div>
      )}
      {state.kind === 'working' ? (
        <div className="mt-4 flex flex-wrap items-center gap-4">
          <span aria-hidden className="size-5 animate-spin rounded-full border-2 border-line border-t-accent" />
          <p role="status" className="flex-1 text-sm">
            {t.working} <span className="text-muted">{t.workingText}</span>
          </p>
          <Button small onClick={cancel}>
            {t.cancel}
          </Button>
        </div>
      ) : (
        <div className="mt-4 flex flex-wrap items-end gap-3">
          <LanguageChoice chosen={chosen} onChoose={setChosen} />
          <Button look="primary" onClick={() => void start(file, chosen)}>
            {state.kind === 'failed' ? t.retry : t.start}
          </Button>
          <Button look="quiet" onClick={onOther}>
            {t.other}
          </Button>
        </div>
      )}
    </div>
  );
}

/** The page. */
export function TranscribePage(): ReactNode {
  const t = useMessages(transcribeMessages);
  const work = useWork();
  const [file, setFile] = useState<File | null>(null);
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  const other = (): void => {
    work.reset();
    setFile(null);
  };
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
        <p className="mt-1 mb-6 text-sm text-muted">{t.intro}</p>
        {file === null && <AudioSource onFile={setFile} />}
        {file !== null && work.state.kind !== 'done' && <Ready file={file} work={work} onOther={other} />}
        {file !== null && work.state.kind === 'done' && <Result file={file} done={work.state.done} onOther={other} />}
      </div>
    </main>
  );
}
