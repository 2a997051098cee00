// The title of a chat while it is being changed. Escape leaves it as it was.
import { useState, type FormEvent, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';

interface RenameFormProps {
  readonly title: string;
  /** null: it stays as it is. */
  readonly onDone: (title: string | null) => void;
  readonly className?: string;
}

/** The form. */
export function RenameForm({ title, onDone, className = '' }: RenameFormProps): ReactNode {
  const t = useMessages(chatMessages);
  const [text, setText] = useState(title);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onDone(text.trim() === '' ? null : text.trim());
  };
  return (
    <form className={`flex min-w-0 gap-2 ${className}`} onSubmit={submit}>
      <input
        autoFocus
        dir="auto"
        aria-label={t.title}
        value={text}
        maxLength={120}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || event.nativeEvent.isComposing) return;
          // It is for this field alone, and not for the drawer that it may lie in.
          event.preventDefault();
          onDone(null);
        }}
        className="min-w-0 flex-1 rounded-xl border border-line-strong bg-page px-3 text-base"
      />
      <Button small type="submit" look="primary">
        {t.save}
      </Button>
    </form>
  );
}
