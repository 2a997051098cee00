// Where a chat begins: a greeting and three things to try, or what is missing before anything can be asked.
import { Link } from '@tanstack/react-router';
import { Code, GraduationCap, PenLine } from 'lucide-react';
import type { ReactNode } from 'react';
import { Logo } from '../../components/logo.tsx';
import { Notice } from '../../components/notice.tsx';
import { useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import { useModels } from './models.ts';

const icons = [GraduationCap, PenLine, Code] as const;

/** The empty page. `onBegin` puts an example into the message field. */
export function EmptyChat({ onBegin }: { readonly onBegin: (text: string) => void }): ReactNode {
  const t = useMessages(chatMessages);
  const { models } = useModels();
  return (
    <div className="flex min-h-0 flex-1 flex-col items-center justify-center-safe gap-7 overflow-y-auto p-6">
      <div className="flex flex-col items-center gap-3 text-center">
        <Logo size={44} />
        <h2 className="text-2xl font-semibold tracking-tight">{t.greeting}</h2>
        <p className="max-w-sm text-sm text-muted">{t.greetingText}</p>
      </div>
      {models?.length === 0 ? (
        <div className="w-full max-w-md">
          <Notice
            tone="info"
            title={t.noModels}
            actions={
              <Link
                to="/providers"
                className="rounded-xl bg-accent px-4 py-2 text-sm font-medium text-accent-ink hover:bg-accent-hover"
              >
                {t.addKey}
              </Link>
            }
          >
            {t.noModelsText}
          </Notice>
        </div>
      ) : (
        <ul className="grid w-full max-w-[44rem] gap-2.5 sm:grid-cols-3">
          {t.examples.map(([name, text], index) => {
            const Icon = icons[index] ?? Code;
            return (
              <li key={name}>
                <button
                  type="button"
                  onClick={() => onBegin(text)}
                  className="flex h-full w-full flex-col gap-2 rounded-2xl border border-line bg-raised p-4 text-start hover:border-line-strong hover:bg-tint"
                >
                  <span className="flex items-center gap-2 text-sm font-medium">
                    <Icon size={17} aria-hidden className="text-accent" />
                    {name}
                  </span>
                  <span className="text-sm leading-snug text-muted">{text}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
