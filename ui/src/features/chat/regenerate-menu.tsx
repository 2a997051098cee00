// By whom an answer is given again: the same model, a stronger one, or any other.
import { ListFilter, RefreshCw, Rocket } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Menu } from '../../components/menu.tsx';
import { useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import { ModelList } from './model-picker.tsx';

interface RegenerateMenuProps {
  readonly close: () => void;
  /** The model that was asked for before. */
  readonly model: string;
  readonly onChoose: (model: string) => void;
}

/** The menu, and the list of models when another one is wanted. */
export function RegenerateMenu({ close, model, onChoose }: RegenerateMenuProps): ReactNode {
  const t = useMessages(chatMessages);
  const [picking, setPicking] = useState(false);
  if (picking)
    return (
      <ModelList
        chosen={model}
        onChoose={(id) => {
          close();
          onChoose(id);
        }}
      />
    );
  return (
    <Menu
      label={t.regenerate}
      close={() => undefined}
      items={[
        {
          id: 'again',
          label: t.again,
          icon: <RefreshCw size={16} aria-hidden />,
          run: () => {
            close();
            onChoose(model);
          },
        },
        {
          id: 'better',
          label: t.better,
          icon: <Rocket size={16} aria-hidden />,
          run: () => {
            close();
            onChoose('auto:large');
          },
        },
        { id: 'other', label: t.otherModel, icon: <ListFilter size={16} aria-hidden />, run: () => setPicking(true) },
      ]}
    />
  );
}
