// The words for why a request found no answer.
import { defineMessages } from '../lib/messages.ts';

type Words = Readonly<Record<string, string>>;

export const errorMessages = defineMessages(
  {
    codes: { broke_off: 'The connection broke off before an answer came.' } as Words,
    counted: (what: string, count: number) => (count === 1 ? what : `${what} (${count})`),
    nobody: 'Nobody could answer.',
    tried: (how: string) => `Those that were asked did not answer: ${how}.`,
    against: (what: string) => `What speaks against the others: ${what}`,
    refusedKeys: (names: string) => `A provider refuses the key of ${names}. Replace it under Providers.`,
    advice: {
      budget_exceeded: 'The budget begins anew at midnight UTC, that of a month with the next one.',
      no_candidate: 'Change the request or what may be spent, or add a provider.',
      context_length_exceeded: 'Shorten it, or begin a new chat.',
      content_filter: 'Say it in other words.',
      internal: 'Enter the key again under Providers. If that is refused, tell whoever runs this server.',
    } as Words,
    overBound: (usd: string) => `An answer may cost ${usd} here at most. Allow more, or wait for what is free.`,
    bounds: {
      key: (most: string, per: string) => `This API key may use ${most} ${per}.`,
      person: (most: string, per: string) => `You may use ${most} ${per}.`,
      everybody: (most: string, per: string) => `All together may use ${most} ${per}.`,
    },
    units: {
      requests: (count: string) => (count === '1' ? '1 request' : `${count} requests`),
      tokens: (count: string) => `${count} tokens`,
    },
    per: { minute: 'a minute', day: 'a day' },
    allUsed: 'That is used up. An admin can allow more.',
    someLeft: (left: string, need: string) =>
      `${left} of them are left, and this may take ${need}. An admin can allow more.`,
    tooMuch: (need: string) => `This alone may take ${need}. Ask for less, or have an admin allow more.`,
    budget:
      'What you may spend does not cover this, and nothing free can answer it. It begins anew at midnight UTC, that of a month with the next one; an admin can allow more.',
    late: (asked: number) =>
      asked === 0 ? 'Nobody could be asked in that time.' : `${asked} asked, and none answered in that time.`,
    waited: (time: string) => `${time} of it went by waiting for quota.`,
    provider: (text: string) => `The provider answered: ${text}`,
    guard: (name: string, text: string) => `The guard “${name}” refused this: ${text}`,
  },
  {
    codes: { broke_off: 'Die Verbindung brach ab, bevor eine Antwort kam.' },
    counted: (what: string, count: number) => (count === 1 ? what : `${what} (${count})`),
    nobody: 'Niemand konnte antworten.',
    tried: (how: string) => `Die Gefragten haben nicht geantwortet: ${how}.`,
    against: (what: string) => `Was gegen die übrigen spricht: ${what}`,
    refusedKeys: (names: string) => `Ein Anbieter lehnt den Schlüssel von ${names} ab. Ersetze ihn unter Anbieter.`,
    advice: {
      budget_exceeded: 'Das Budget beginnt um Mitternacht UTC neu, das eines Monats mit dem nächsten.',
      no_candidate: 'Ändere die Anfrage oder was ausgegeben werden darf, oder füge einen Anbieter hinzu.',
      context_length_exceeded: 'Kürze es, oder beginne einen neuen Chat.',
      content_filter: 'Sag es in anderen Worten.',
      internal: 'Gib den Schlüssel unter Anbieter neu ein. Wird das abgelehnt, sag es dem, der diesen Server betreibt.',
    },
    overBound: (usd: string) =>
      `Eine Antwort darf hier höchstens ${usd} kosten. Erlaube mehr, oder warte auf Kostenloses.`,
    bounds: {
      key: (most: string, per: string) => `Dieser API-Schlüssel darf ${most} ${per} verbrauchen.`,
      person: (most: string, per: string) => `Du darfst ${most} ${per} verbrauchen.`,
      everybody: (most: string, per: string) => `Alle zusammen dürfen ${most} ${per} verbrauchen.`,
    },
    units: {
      requests: (count: string) => (count === '1' ? '1 Anfrage' : `${count} Anfragen`),
      tokens: (count: string) => `${count} Tokens`,
    },
    per: { minute: 'je Minute', day: 'am Tag' },
    allUsed: 'Das ist aufgebraucht. Ein Admin kann mehr erlauben.',
    someLeft: (left: string, need: string) =>
      `Davon sind ${left} übrig, und das hier kann ${need} brauchen. Ein Admin kann mehr erlauben.`,
    tooMuch: (need: string) =>
      `Allein das hier kann ${need} brauchen. Verlange weniger, oder lass einen Admin mehr erlauben.`,
    budget:
      'Was du ausgeben darfst, reicht dafür nicht, und nichts Kostenloses kann es beantworten. Es beginnt um Mitternacht UTC neu, das eines Monats mit dem nächsten; ein Admin kann mehr erlauben.',
    late: (asked: number) =>
      asked === 0
        ? 'In dieser Zeit konnte niemand gefragt werden.'
        : `${asked} gefragt, keiner hat rechtzeitig geantwortet.`,
    waited: (time: string) => `Davon vergingen ${time} mit Warten auf Kontingent.`,
    provider: (text: string) => `Der Anbieter antwortete: ${text}`,
    guard: (name: string, text: string) => `Die Prüfung „${name}“ hat das abgelehnt: ${text}`,
  },
);
