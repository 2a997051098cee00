// The words of the page of models and limits.
import { defineMessages } from '../../lib/messages.ts';

export const modelMessages = defineMessages(
  {
    title: 'Models and limits',
    intro: 'Every model within reach, how much of its limits is used, and when they come back.',
    failed: 'Limits could not be loaded',
    retry: 'Try again',
    loading: 'Loading…',
    none: 'No models yet',
    noneText: 'Add a provider, and its models appear here.',
    toProviders: 'To the providers',
    find: 'Find a model, provider or credential',
    tier: 'Cost',
    tiers: { all: 'All', free: 'Free', paid: 'Paid', local: 'Local' },
    order: 'Order',
    orders: { name: 'By name', pressure: 'Most used first' },
    nothing: 'Nothing fits. Try another word.',
    count: (shown: number, all: number) => {
      if (shown !== all) return `${shown} of ${all} models`;
      return all === 1 ? '1 model' : `${all} models`;
    },
    freeUntil: (when: string) => `If use goes on as it has, everything free is used up around ${when}.`,
    used: (percent: string) => `${percent} used`,
    noLimit: 'no limit known',
    noLimitText: 'No limit of it is known. The first one the provider tells is kept.',
    rests: (when: string) => `rests until ${when}`,
    breakers: {
      open: 'left alone after failures',
      half_open: 'being tried again',
      recovering: 'recovering, asked more and more often',
    },
    sharesWith: (names: string) => `Shares its limits with ${names}`,
  },
  {
    title: 'Modelle und Limits',
    intro: 'Alle erreichbaren Modelle, wie viel ihrer Limits benutzt ist und wann sie wiederkommen.',
    failed: 'Die Limits konnten nicht geladen werden',
    retry: 'Noch einmal versuchen',
    loading: 'Lädt…',
    none: 'Noch keine Modelle',
    noneText: 'Füge einen Anbieter hinzu, dann erscheinen seine Modelle hier.',
    toProviders: 'Zu den Anbietern',
    find: 'Modell, Anbieter oder Zugang finden',
    tier: 'Kosten',
    tiers: { all: 'Alle', free: 'Kostenlos', paid: 'Bezahlt', local: 'Lokal' },
    order: 'Reihenfolge',
    orders: { name: 'Nach Namen', pressure: 'Am meisten benutzte zuerst' },
    nothing: 'Nichts gefunden. Versuche ein anderes Wort.',
    count: (shown: number, all: number) => {
      if (shown !== all) return `${shown} von ${all} Modellen`;
      return all === 1 ? '1 Modell' : `${all} Modelle`;
    },
    freeUntil: (when: string) => `Bei gleichem Verbrauch ist alles Kostenlose gegen ${when} aufgebraucht.`,
    used: (percent: string) => `${percent} benutzt`,
    noLimit: 'kein Limit bekannt',
    noLimitText: 'Kein Limit ist bekannt. Das erste, das der Anbieter nennt, wird gemerkt.',
    rests: (when: string) => `ruht bis ${when}`,
    breakers: {
      open: 'wird nach Ausfällen geschont',
      half_open: 'wird wieder versucht',
      recovering: 'erholt sich, wird immer öfter gefragt',
    },
    sharesWith: (names: string) => `Teilt seine Limits mit ${names}`,
  },
);
