// The settings page with the sections that features add to it.
import type { ReactNode } from 'react';
import { ChatData } from '../features/chat/chat-data.tsx';
import { SettingsPage } from '../features/settings/page.tsx';
import { SessionsSection } from '../features/settings/sessions.tsx';

/** Settings, with those of the chats. */
export function Settings(): ReactNode {
  return (
    <SettingsPage>
      <ChatData />
      <SessionsSection />
    </SettingsPage>
  );
}
