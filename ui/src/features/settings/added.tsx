// Providers that admins add at run time: OpenAI-compatible endpoints, described here, for which anybody can give a key.
import { useState, type ChangeEvent, type ReactNode } from 'react';
import type { TemplateView } from '#shared/api/templates.ts';
import { Button } from '../../components/button.tsx';
import { Section } from '../../components/field.tsx';
import { TextRow } from '../../components/text-row.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsent } from '../../lib/unsent.ts';
import { useIsAdmin, useSettingsActions, useTemplates } from './data.ts';
import { serverMessages } from './server-messages.ts';

const toId = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);

const blank = { name: '', url: '', models: '', isFree: false };

function AddForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const t = useMessages(serverMessages);
  const { addTemplate } = useSettingsActions();
  const [written, setWritten, forget] = useUnsent('settings provider', blank);
  const { name, url, models, isFree } = written;
  const field = (one: 'name' | 'url' | 'models') => ({
    value: written[one],
    onChange: ({ target }: ChangeEvent<HTMLInputElement>) => setWritten({ ...written, [one]: target.value }),
  });
  const done = (): void => {
    forget();
    onDone();
  };
  const submit = async (): Promise<void> => {
    const ids = models.split(/[\s,]+/).filter((id) => id !== '');
    const template = {
      id: toId(name),
      name,
      base_url: url.trim(),
      plan: isFree ? 'free' : 'paid',
      models: ids.map((id) => ({ id })),
    };
    if ((await addTemplate(template)) !== null) done();
  };
  return (
    <form
      aria-label={t.addProvider}
      className="py-3.5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <TextRow label={t.name}>{(row) => <input {...row} required maxLength={64} {...field('name')} />}</TextRow>
      <TextRow label={t.baseUrl} hint={t.baseUrlHint}>
        {(row) => <input {...row} required type="url" {...field('url')} />}
      </TextRow>
      <TextRow label={t.models} hint={t.modelsHint}>
        {(row) => <input {...row} spellCheck={false} {...field('models')} />}
      </TextRow>
      <label className="mb-4 flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          checked={isFree}
          onChange={({ target }) => setWritten({ ...written, isFree: target.checked })}
        />
        {t.isFree}
      </label>
      <div className="flex gap-2">
        <Button small look="primary" type="submit">
          {t.add}
        </Button>
        <Button small onClick={done}>
          {t.cancel}
        </Button>
      </div>
    </form>
  );
}

function KeyForm({ template }: { readonly template: TemplateView }): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const { giveKey } = useSettingsActions();
  const [key, setKey] = useUnsent(`settings key ${template.id}`, '');
  const submit = async (): Promise<void> => {
    if ((await giveKey(template.id, key)) === null) return;
    show(t.keyGiven(template.name));
    setKey('');
  };
  return (
    <form
      className="mt-2 flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <input
        type="password"
        required
        autoComplete="new-password"
        aria-label={t.keyFor(template.name)}
        placeholder={t.keyFor(template.name)}
        value={key}
        onChange={({ target }) => setKey(target.value)}
        className="min-h-10 min-w-0 flex-1 rounded-xl border border-line-strong bg-page px-3 text-sm"
      />
      <Button small type="submit">
        {t.giveKey}
      </Button>
    </form>
  );
}

function Row({ template }: { readonly template: TemplateView }): ReactNode {
  const t = useMessages(serverMessages);
  const { show } = useToasts();
  const isAdmin = useIsAdmin();
  const { removeTemplate, restoreTemplate } = useSettingsActions();
  const { id, name, base_url: url } = template;
  const remove = async (): Promise<void> => {
    if ((await removeTemplate(id)) !== null)
      show(t.removed(name), { label: t.undo, run: () => void restoreTemplate(id) });
  };
  return (
    <li className="py-3 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="min-w-0">
          <span className="font-medium">{name}</span>
          <span className="block text-xs break-all text-muted">{url}</span>
        </span>
        {isAdmin && (
          <Button small look="danger" onClick={() => void remove()}>
            {t.remove(name)}
          </Button>
        )}
      </div>
      <KeyForm template={template} />
    </li>
  );
}

/** The section. Members see it only when there is something in it. */
export function AddedProvidersSection(): ReactNode {
  const t = useMessages(serverMessages);
  const isAdmin = useIsAdmin();
  const { data: templates = [] } = useTemplates();
  const [adding, setAdding] = useState(false);
  if (!isAdmin && templates.length === 0) return null;
  return (
    <Section title={t.added} text={t.addedText}>
      {templates.length > 0 && (
        <ul className="divide-y divide-line">
          {templates.map((template) => (
            <Row key={template.id} template={template} />
          ))}
        </ul>
      )}
      {isAdmin && adding && <AddForm onDone={() => setAdding(false)} />}
      {isAdmin && !adding && (
        <div className="py-3.5">
          <Button small onClick={() => setAdding(true)}>
            {t.addProvider}
          </Button>
        </div>
      )}
    </Section>
  );
}
