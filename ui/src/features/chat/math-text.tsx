// A formula, drawn by KaTeX into an element of its own.
import katex from 'katex';
import 'katex/dist/katex.min.css';
import { useEffect, useRef, type ReactNode } from 'react';

/** The formula; what can't be drawn is shown as it was written. */
export function MathText({
  source,
  display = false,
}: {
  readonly source: string;
  readonly display?: boolean;
}): ReactNode {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (element.current)
      katex.render(source, element.current, {
        displayMode: display,
        throwOnError: false,
        trust: false,
        maxSize: 40,
        maxExpand: 200,
      });
  }, [source, display]);
  return <span ref={element} className={display ? 'block overflow-x-auto py-2' : ''} dir="ltr" />;
}
