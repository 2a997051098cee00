// Settings: how the web app looks and behaves on this device, and what further sections the app gives.
import { useEffect, type ReactNode } from 'react';
import { Failed } from '../../components/failed.tsx';
import { Section, SelectRow, SwitchRow } from '../../components/field.tsx';
import { languageFacts, languages, useMessages } from '../../lib/messages.ts';
import { announcements, sendKeys, themes, usePreferences } from '../../lib/preferences.ts';
import { AddedProvidersSection } from './added.tsx';
import { useIsAdmin, useSettings } from './data.ts';
import { InstallationSection } from './installation.tsx';
import { settingsMessages } from './messages.ts';
import { MovingSection } from './moving.tsx';
import { RequestsSection } from './requests.tsx';

const BROWSER = 'browser';

function DeviceSection(): ReactNode {
  const t = useMessages(settingsMessages);
  const { preferences, change } = usePreferences();
  return (
    <Section title={t.device} text={t.deviceText}>
      <SelectRow
        label={t.theme}
        value={preferences.theme}
        options={themes.map((theme) => [theme, t.themes[theme]])}
        onChange={(theme) => change({ theme })}
      />
      <SelectRow
        label={t.language}
        value={preferences.language ?? BROWSER}
        options={[[BROWSER, t.browserLanguage], ...languages.map((id) => [id, languageFacts[id].name] as const)]}
        onChange={(language) => change({ language: language === BROWSER ? null : language })}
      />
      <SelectRow
        label={t.sendKey}
        value={preferences.sendKey}
        options={sendKeys.map((key) => [key, t.sendKeys[key]])}
        onChange={(sendKey) => change({ sendKey })}
      />
      <SelectRow
        label={t.announce}
        value={preferences.announce}
        options={announcements.map((when) => [when, t.announcements[when]])}
        onChange={(announce) => change({ announce })}
      />
      <SwitchRow
        label={t.singleKeys}
        hint={t.singleKeysText}
        checked={preferences.singleKeys}
        onChange={(singleKeys) => change({ singleKeys })}
      />
    </Section>
  );
}

/** In place of the sections that the server has to tell of, when it can't. */
function Unloaded(): ReactNode {
  const t = useMessages(settingsMessages);
  const { data, error, refetch } = useSettings();
  if (error === null || data !== undefined) return null;
  return (
    <div className="mb-8">
      <Failed title={t.failed} message={error.message} retry={t.retry} onRetry={() => void refetch()} />
    </div>
  );
}

/** The page; `children` are sections of other features. */
export function SettingsPage({ children }: { readonly children?: ReactNode }): ReactNode {
  const t = useMessages(settingsMessages);
  const isAdmin = useIsAdmin();
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-2xl px-4 py-8 md:px-8 md:py-12">
        <h1 className="mb-8 text-2xl font-semibold tracking-tight">{t.title}</h1>
        <DeviceSection />
        <Unloaded />
        <RequestsSection />
        {children}
        <MovingSection />
        <AddedProvidersSection />
        {isAdmin && <InstallationSection />}
      </div>
    </main>
  );
}
