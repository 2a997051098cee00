// How to use a key: what to paste, by kind of client, with buttons that copy it.
import { Check, Copy } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { keyMessages } from './messages.ts';
import { agents, snippetKinds, toAgentSnippet, toSnippet, type SnippetKind } from './snippets.ts';

interface CopyButtonProps {
  readonly text: string;
  readonly primary?: boolean;
}

/** Copies a text; where the browser does not let it, it says so. */
export function CopyButton({ text, primary = false }: CopyButtonProps): ReactNode {
  const t = useMessages(keyMessages);
  const { announce, show } = useToasts();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      announce(t.copied);
    } catch {
      show(t.copyByHand);
    }
  };
  return (
    <Button small look={primary ? 'primary' : 'plain'} onClick={() => void copy()}>
      {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
      {t.copy}
    </Button>
  );
}

function Sample({ name, text }: { readonly name: string; readonly text: string }): ReactNode {
  return (
    <>
      {/* Long lines scroll inside, and are reached by keyboard. */}
      <pre
        tabIndex={0}
        aria-label={name}
        className="mt-2 overflow-x-auto rounded-xl bg-code p-3 text-xs leading-relaxed"
      >
        {text}
      </pre>
      <div className="mt-2">
        <CopyButton key={text} text={text} />
      </div>
    </>
  );
}

function Agents({ apiKey }: { readonly apiKey: string }): ReactNode {
  const t = useMessages(keyMessages);
  const [agent, setAgent] = useState(agents[0]?.[0] ?? '');
  const { files, steps } = toAgentSnippet(agent, location.origin, apiKey);
  return (
    <>
      <label className="mt-3 flex flex-wrap items-center gap-2 text-sm">
        {t.agent}
        <select
          value={agent}
          onChange={({ target }) => setAgent(target.value)}
          className="min-h-9 rounded-xl border border-line-strong bg-page px-2 text-sm"
        >
          {agents.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {files.map(({ path, text }) => (
        <div key={path} className="mt-3">
          <p className="text-xs text-muted">{t.inFile(path)}</p>
          <Sample name={path} text={text} />
        </div>
      ))}
      <ol lang="en" className="mt-3 list-decimal space-y-1 ps-5 text-sm">
        {steps.map((step) => (
          <li key={step} className="break-words">
            {step}
          </li>
        ))}
      </ol>
      <p className="mt-3 text-xs text-muted">{t.orByCommand(`npm run connect -- ${agent}`)}</p>
    </>
  );
}

interface SnippetsProps {
  readonly apiKey: string;
  /** By what stands above it. */
  readonly heading: 'h2' | 'h3';
}

/** The samples for one key; for a key that is not shown any more, with a placeholder in its place. */
export function Snippets({ apiKey, heading: Heading }: SnippetsProps): ReactNode {
  const t = useMessages(keyMessages);
  const [kind, setKind] = useState<SnippetKind>('curl');
  return (
    <section aria-label={t.use} className="mt-6">
      <Heading className="text-sm font-semibold">{t.use}</Heading>
      <div className="mt-2 flex flex-wrap gap-1">
        {snippetKinds.map((one) => (
          <Button
            key={one}
            small
            look={one === kind ? 'plain' : 'quiet'}
            aria-pressed={one === kind}
            onClick={() => setKind(one)}
          >
            {t.languageNames[one]}
          </Button>
        ))}
      </div>
      {kind === 'agents' ? (
        <Agents apiKey={apiKey} />
      ) : (
        <Sample name={t.languageNames[kind]} text={toSnippet(kind, location.origin, apiKey)} />
      )}
    </section>
  );
}
