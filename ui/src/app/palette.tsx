// The command palette (Ctrl or Command and K): pages, actions and chats, found by typing.
import { useNavigate } from '@tanstack/react-router';
import { Keyboard, Layers, MessageSquarePlus, Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { Chooser, type Option } from '../components/chooser.tsx';
import { Dialog } from '../components/dialog.tsx';
import { useMessages } from '../lib/messages.ts';
import { usePreferences, type Preferences } from '../lib/preferences.ts';
import { useChatOptions } from '../features/chat/chat-options.ts';
import { useAppMessages } from './messages.ts';
import { useDestinations } from './navigation.tsx';
import { paletteMessages } from './palette-messages.ts';

interface PaletteProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onShortcuts: () => void;
}

const themeIcons = { light: Sun, dark: Moon, system: Monitor } as const;

function useActions({ onClose, onShortcuts }: PaletteProps): { options: Option[]; run: (id: string) => void } {
  const t = useMessages(paletteMessages);
  const names = useAppMessages();
  const navigate = useNavigate();
  const { change } = usePreferences();
  const destinations = useDestinations();
  const themes: readonly [Preferences['theme'], string][] = [
    ['light', t.themeLight],
    ['dark', t.themeDark],
    ['system', t.themeSystem],
  ];
  const options: Option[] = [
    { id: 'new', label: t.newChat, group: t.actions, icon: <MessageSquarePlus size={16} aria-hidden /> },
    ...destinations.map(({ path, name, icon: Icon }) => ({
      id: `go:${path}`,
      label: names[name],
      group: t.pages,
      icon: <Icon size={16} aria-hidden />,
    })),
    { id: 'go:/batches', label: t.batches, group: t.pages, icon: <Layers size={16} aria-hidden /> },
    ...themes.map(([theme, label]) => {
      const Icon = themeIcons[theme];
      return { id: `theme:${theme}`, label, group: t.actions, icon: <Icon size={16} aria-hidden /> };
    }),
    { id: 'shortcuts', label: t.shortcuts, group: t.actions, icon: <Keyboard size={16} aria-hidden /> },
  ];
  const run = (id: string): void => {
    onClose();
    if (id === 'shortcuts') onShortcuts();
    else if (id.startsWith('theme:')) change({ theme: id.slice(6) as Preferences['theme'] });
    else if (id.startsWith('go:')) void navigate({ to: id.slice(3) });
    else if (id.startsWith('chat:')) void navigate({ to: '/c/$chatId', params: { chatId: id.slice(5) } });
    else void navigate({ to: '/' });
  };
  return { options, run };
}

function PaletteBody(props: PaletteProps): ReactNode {
  const t = useMessages(paletteMessages);
  const { options, run } = useActions(props);
  const chats = useChatOptions();
  return (
    <div className="-m-5 flex max-h-[60dvh] flex-col">
      <Chooser
        options={[...options, ...chats]}
        onChoose={run}
        label={t.palette}
        placeholder={t.paletteHint}
        empty={t.paletteEmpty}
      />
    </div>
  );
}

/** The palette; its content is made only while it is open. */
export function Palette(props: PaletteProps): ReactNode {
  const t = useMessages(paletteMessages);
  return (
    <Dialog open={props.open} onClose={props.onClose} title={t.palette}>
      <PaletteBody {...props} />
    </Dialog>
  );
}
