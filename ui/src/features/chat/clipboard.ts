// Texts out of the page: onto the clipboard and into files.
import { useRef, useState } from 'react';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { chatMessages } from './messages.ts';

const SHOWN_MS = 1_500;

/** Copies text, and says for a moment that it did: by `copied`, or, where the button is gone by then, in a note (`noted`). */
export function useCopy({ noted = false } = {}): {
  readonly copied: boolean;
  readonly copy: (text: string) => Promise<void>;
} {
  const t = useMessages(chatMessages);
  const { announce, show } = useToasts();
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return show(t.notCopied);
    }
    if (noted) show(t.copied);
    else announce(t.copied);
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return { copied, copy };
}

/** Offers a file for download. */
export function saveFile(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
