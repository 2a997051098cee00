// What the lists of this page have in common: a section with its things, what can be done about each, and the dialog that sets one.
import { Pencil, Plus, Trash2 } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import type { FieldValues } from 'react-hook-form';
import { ActionsMenu } from '../../components/actions-menu.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { FormEnd } from '../../components/form-end.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import type { UnsentForm } from '../../lib/unsent-form.ts';
import { rolloutMessages } from './messages.ts';

export interface Shown<T> {
  readonly id: string;
  readonly thing: T;
  readonly name: string;
  readonly about: string;
  readonly enabled: boolean;
  readonly remove: () => Promise<unknown>;
  /** What stands below it. */
  readonly more?: ReactNode;
}

interface ThingsProps<T> {
  readonly title: string;
  readonly text: string;
  readonly none: string;
  readonly things: readonly Shown<T>[];
  /** The dialog that changes a thing; makes one for null. */
  readonly dialog: (thing: T | null, close: () => void) => ReactNode;
}

function Row<T>({ shown, onEdit }: { readonly shown: Shown<T>; readonly onEdit: () => void }): ReactNode {
  const t = useMessages(rolloutMessages);
  const { show } = useToasts();
  const { name, about, enabled, remove, more } = shown;
  const run = async (): Promise<void> => {
    try {
      await remove();
      show(t.removed(name));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(error.message);
    }
  };
  const items = [
    { id: 'edit', label: t.edit, icon: <Pencil size={16} />, run: onEdit },
    { id: 'remove', label: t.remove, icon: <Trash2 size={16} />, danger: true, run: () => void run() },
  ];
  return (
    <li className="py-3.5">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
            <span className="min-w-0 break-all">{name}</span>
            <span
              className={`rounded-full px-2.5 py-0.5 text-xs ${enabled ? 'bg-accent-tint text-accent' : 'bg-tint text-muted'}`}
            >
              {enabled ? t.on : t.off}
            </span>
          </p>
          <p className="text-xs break-words text-muted">{about}</p>
        </div>
        <ActionsMenu label={t.actions(name)} items={items} width="w-40" />
      </div>
      {more}
    </li>
  );
}

/** A section with its things. */
export function Things<T>({ title, text, none, things, dialog }: ThingsProps<T>): ReactNode {
  const t = useMessages(rolloutMessages);
  const id = useId();
  const [open, setOpen] = useState<{ readonly thing: T | null } | null>(null);
  return (
    <section aria-labelledby={id} className="mb-9">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 id={id} className="text-base font-semibold">
            {title}
          </h2>
          <p className="text-sm break-words text-muted">{text}</p>
        </div>
        <Button small onClick={() => setOpen({ thing: null })} aria-label={`${title}: ${t.add}`}>
          <Plus size={15} aria-hidden />
          {t.add}
        </Button>
      </div>
      {things.length === 0 ? (
        <p className="mt-3 rounded-2xl border border-dashed border-line-strong px-4 py-6 text-center text-sm text-muted">
          {none}
        </p>
      ) : (
        <ul className="mt-3 divide-y divide-line rounded-2xl border border-line bg-raised px-4">
          {things.map((shown) => (
            <Row key={shown.id} shown={shown} onEdit={() => setOpen({ thing: shown.thing })} />
          ))}
        </ul>
      )}
      {open !== null && dialog(open.thing, () => setOpen(null))}
    </section>
  );
}

interface ThingDialogProps<V extends FieldValues> {
  readonly title: string;
  readonly form: UnsentForm<V>;
  readonly onClose: () => void;
  /** Sets the thing and answers its name. Rejects with ApiError. */
  readonly save: (values: V) => Promise<string>;
  readonly children: ReactNode;
}

/** The dialog that sets a thing. What the server objects to stands in it; nothing that was typed is lost. */
export function ThingDialog<V extends FieldValues>({
  title,
  form,
  onClose,
  save,
  children,
}: ThingDialogProps<V>): ReactNode {
  const t = useMessages(rolloutMessages);
  const { show } = useToasts();
  const [failure, setFailure] = useState<string | null>(null);
  const submit = form.handleSubmit(async (values) => {
    setFailure(null);
    try {
      show(t.saved(await save(values)));
      form.forget();
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    }
  });
  const { isSubmitting } = form.formState;
  return (
    <Dialog open onClose={onClose} title={title}>
      <form onSubmit={(event) => void submit(event)} onChange={form.keep} noValidate>
        {children}
        <FormEnd
          failure={failure}
          cancel={t.cancel}
          onCancel={() => {
            form.forget();
            onClose();
          }}
          send={isSubmitting ? t.saving : t.save}
          isSending={isSubmitting}
        />
      </form>
    </Dialog>
  );
}
