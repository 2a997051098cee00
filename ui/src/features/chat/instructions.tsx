// What every answer of a chat keeps to, written once: in what language, how long, for whom.
import { useId, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SwitchRow } from '../../components/field.tsx';
import { useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';

/** More than a model's own instructions ever are. */
const LONGEST = 20_000;

interface InstructionsProps {
  readonly text: string;
  readonly always: boolean;
  readonly onSave: (text: string, always: boolean) => void;
  readonly onClose: () => void;
}

function InstructionsForm({ text: before, always: wasAlways, onSave, onClose }: InstructionsProps): ReactNode {
  const t = useMessages(chatMessages);
  const id = useId();
  const [text, setText] = useState(before);
  const [always, setAlways] = useState(wasAlways);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave(text.trim(), always && text.trim() !== '');
        onClose();
      }}
    >
      <textarea
        aria-label={t.instructions}
        aria-describedby={id}
        dir="auto"
        rows={7}
        maxLength={LONGEST}
        placeholder={t.instructionsExample}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) event.currentTarget.form?.requestSubmit();
        }}
        className="w-full resize-y rounded-xl border border-line-strong bg-page px-3 py-2 text-base leading-6"
      />
      <p id={id} className="mt-1 text-sm text-muted">
        {t.instructionsHint}
      </p>
      <SwitchRow label={t.instructionsAlways} hint={t.instructionsAlwaysHint} checked={always} onChange={setAlways} />
      <div className="mt-2 flex justify-end gap-2">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button look="primary" type="submit">
          {t.save}
        </Button>
      </div>
    </form>
  );
}

/** The dialog; what stands in it is read when it opens. */
export function InstructionsDialog({ open, ...props }: InstructionsProps & { readonly open: boolean }): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <Dialog open={open} onClose={props.onClose} title={t.instructions}>
      <InstructionsForm {...props} />
    </Dialog>
  );
}
