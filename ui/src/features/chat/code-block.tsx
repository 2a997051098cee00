// A block of code: its language, buttons to copy, wrap and download it, and colours once it is there.
import { Check, Copy, Download, WrapText } from 'lucide-react';
import { Suspense, useEffect, useState, type ReactNode } from 'react';
import { IconButton } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { saveFile, useCopy } from './clipboard.ts';
import { chatMessages } from './messages.ts';
import { lazily, patiently } from '../../lib/patiently.ts';

const ColouredCode = lazily(patiently(() => import('./coloured-code.tsx').then(({ ColouredCode }) => ColouredCode)));

/** Code that still grows is coloured when it has stood still this long. */
const SETTLED_MS = 250;
/** Beyond this, colours cost more than they help. */
const LONGEST_COLOURED = 60_000;

function useSettled(code: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(code), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [code]);
  return settled === code;
}

/** The block. */
export function CodeBlock({ code, language }: { readonly code: string; readonly language: string }): ReactNode {
  const t = useMessages(chatMessages);
  const { copied, copy } = useCopy();
  const [wrap, setWrap] = useState(false);
  const settled = useSettled(code);
  const coloured = settled && language !== '' && code.length <= LONGEST_COLOURED;
  return (
    <div className="my-3 overflow-hidden rounded-2xl border border-line bg-code" dir="ltr">
      <div className="flex items-center gap-0.5 border-b border-line py-1 ps-4 pe-1.5 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">{language || t.code}</span>
        <IconButton label={t.wrap} compact aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          <WrapText size={15} aria-hidden />
        </IconButton>
        <IconButton
          label={t.download}
          compact
          onClick={() => saveFile(`code.${language || 'txt'}`, code, 'text/plain')}
        >
          <Download size={15} aria-hidden />
        </IconButton>
        <IconButton label={copied ? t.copied : t.copyCode} compact onClick={() => void copy(code)} data-copy-code>
          {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
        </IconButton>
      </div>
      <div role="group" aria-label={`${t.code} ${language}`} tabIndex={0} className="overflow-x-auto">
        <pre
          className={`px-4 py-3 font-mono text-[0.8125rem] leading-relaxed ${wrap ? 'break-words whitespace-pre-wrap' : ''}`}
        >
          <code>
            {coloured ? (
              <Suspense fallback={code}>
                <ColouredCode code={code} language={language} />
              </Suspense>
            ) : (
              code
            )}
          </code>
        </pre>
      </div>
    </div>
  );
}
