// An answer's Markdown as elements: raw HTML stays text, links lead only where they may, and images from elsewhere are not loaded.
import { ExternalLink, ImageOff } from 'lucide-react';
import { Suspense, memo, type ComponentProps, type ReactNode } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import remend from 'remend';
import { useMessages } from '../../lib/messages.ts';
import { toBlocks } from './blocks.ts';
import { CodeBlock } from './code-block.tsx';
import { chatMessages } from './messages.ts';
import { toDollars } from './tex-brackets.ts';
import { lazily, patiently } from '../../lib/patiently.ts';

const MathText = lazily(patiently(() => import('./math-text.tsx').then(({ MathText }) => MathText)));

const plugins = [remarkGfm, [remarkMath, { singleDollarTextMath: false }]] satisfies ComponentProps<
  typeof ReactMarkdown
>['remarkPlugins'];

interface Root {
  readonly children: readonly { readonly type: string; readonly properties?: Record<string, unknown> }[];
}

/** Every block runs in the direction of its own words: answers mix languages. */
const setDirections = () => (root: Root) => {
  for (const { properties } of root.children) if (properties) properties['dir'] = 'auto';
};
const treePlugins = [setDirections];

/** The host a link leads to; null for anything but the web and mail. */
function toHost(href: string | undefined): string | null {
  if (href === undefined) return null;
  try {
    const url = new URL(href);
    if (url.protocol === 'mailto:') return url.pathname;
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.host : null;
  } catch {
    return null;
  }
}

function Anchor({ href, children }: ComponentProps<'a'>): ReactNode {
  const t = useMessages(chatMessages);
  const host = toHost(href);
  if (host === null) return <span>{children}</span>;
  return (
    <a
      href={href}
      title={host}
      target="_blank"
      rel="noopener noreferrer"
      className="text-accent underline underline-offset-2"
    >
      {children}
      <span className="sr-only"> ({t.opensOutside(host)})</span>
    </a>
  );
}

function RemoteImage({ src, alt }: ComponentProps<'img'>): ReactNode {
  const t = useMessages(chatMessages);
  const host = toHost(typeof src === 'string' ? src : undefined);
  return (
    <span className="my-1 inline-flex max-w-full items-center gap-2 rounded-xl border border-line bg-tint px-3 py-2 text-sm">
      <ImageOff size={16} aria-hidden className="shrink-0 text-muted" />
      <span className="min-w-0 truncate">{alt || t.image}</span>
      {host !== null && (
        <a
          href={String(src)}
          target="_blank"
          rel="noopener noreferrer"
          className="inline-flex shrink-0 items-center gap-1 text-accent underline"
        >
          {t.openAt(host)}
          <ExternalLink size={12} aria-hidden />
        </a>
      )}
    </span>
  );
}

function Code({ className = '', children }: ComponentProps<'code'>): ReactNode {
  const text = typeof children === 'string' ? children : '';
  if (!className.includes('language-math')) return <code className="inline-code">{children}</code>;
  return (
    <Suspense fallback={<code>{text}</code>}>
      <MathText source={text} display={className.includes('math-display')} />
    </Suspense>
  );
}

interface PreChild {
  readonly props?: { readonly className?: string; readonly children?: unknown };
}

function Pre({ children }: ComponentProps<'pre'>): ReactNode {
  const { className = '', children: code = '' } = (children as PreChild | undefined)?.props ?? {};
  if (className.includes('language-math'))
    return (
      <Suspense fallback={<pre>{String(code)}</pre>}>
        <MathText source={String(code)} display />
      </Suspense>
    );
  const language = /language-(\S+)/.exec(className)?.[1] ?? '';
  return <CodeBlock code={String(code).replace(/\n$/, '')} language={language} />;
}

/** Scrolls by keyboard too. A group, since an answer may have many: places of a page are few, and each has a name of its own. */
function Table({ children, dir }: ComponentProps<'table'>): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <div role="group" className="table-scroll" dir={dir} tabIndex={0} aria-label={t.table}>
      <table>{children}</table>
    </div>
  );
}

function Tick({ checked }: ComponentProps<'input'>): ReactNode {
  const t = useMessages(chatMessages);
  return <input type="checkbox" disabled checked={checked} aria-label={t.task} />;
}

const components: Components = {
  a: ({ href, children }) => <Anchor href={href}>{children}</Anchor>,
  img: ({ src, alt }) => <RemoteImage src={src} alt={alt} />,
  code: ({ className, children }) => <Code className={className}>{children}</Code>,
  pre: ({ children }) => <Pre>{children}</Pre>,
  input: ({ checked }) => <Tick checked={checked} />,
  table: ({ children, dir }) => <Table dir={dir}>{children}</Table>,
};

const Block = memo(function Block({ text }: { readonly text: string }): ReactNode {
  return (
    <ReactMarkdown remarkPlugins={plugins} rehypePlugins={treePlugins} components={components}>
      {text}
    </ReactMarkdown>
  );
});

/** The whole answer. `growing`: more will come, so what is begun at its end is closed for now. */
export function Markdown({ text, growing }: { readonly text: string; readonly growing: boolean }): ReactNode {
  const blocks = toBlocks(toDollars(text));
  const last = blocks.length - 1;
  return (
    <div className="answer">
      {blocks.map((block, index) => (
        // Blocks only ever grow at the end.
        // oxlint-disable-next-line react/no-array-index-key
        <Block key={index} text={growing && index === last ? remend(block, { images: false }) : block} />
      ))}
    </div>
  );
}
