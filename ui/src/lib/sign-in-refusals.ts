// Why somebody is not let in, in the languages of the page beside English, which is the server's own.
import type { SignInReason } from '#shared/refused.ts';
import type { Language } from './messages.ts';

/** By reason; `%` stands for the address. */
const sentences: Readonly<Record<Exclude<Language, 'en'>, Readonly<Record<SignInReason, string>>>> = {
  de: {
    malformed: 'Was gesendet wurde, ist kein ID-Token von Google. Melde dich neu an.',
    algorithm: 'Das ID-Token ist nicht so signiert, wie Google es tut (RS256). Ihm ist nicht zu trauen.',
    unknown_signer:
      'Das ID-Token wurde mit einem Schlüssel signiert, den Google nicht veröffentlicht. Melde dich neu an.',
    forged: 'Die Signatur des ID-Tokens ist falsch: Es wurde verändert, oder es ist nicht von Google.',
    expired: 'Das ID-Token ist abgelaufen. Melde dich neu an.',
    not_yet_valid: 'Das ID-Token kommt aus der Zukunft. Prüfe die Uhr dieses Servers.',
    wrong_audience:
      'Das ID-Token wurde für eine andere Anwendung ausgestellt. Seite und Server müssen dieselbe GOOGLE_CLIENT_ID haben.',
    wrong_issuer: 'Das ID-Token ist nicht von accounts.google.com.',
    email_unverified: 'Google hat die Adresse % nicht bestätigt. Bestätige sie bei Google, und melde dich dann neu an.',
    nonce_missing:
      'Dem ID-Token fehlt die Einmalzahl dieses Servers. Lade die Seite neu, und melde dich noch einmal an.',
    nonce_unknown: 'Die Anmeldung hat zu lange gedauert oder anderswo begonnen. Bitte klicke noch einmal.',
    nonce_used: 'Diese Anmeldung wurde schon benutzt. Bitte klicke noch einmal.',
    not_invited:
      '% steht nicht auf der Einladungsliste. Bitte einen Admin um eine Einladung, oder nimm ein anderes Konto.',
    not_managed:
      '% ist ein Google-Konto, das seine Domain nicht verwaltet, und nur die Domain im Ganzen steht auf der Einladungsliste. Bitte einen Admin, genau diese Adresse einzuladen.',
    invitation_expired: 'Die Einladung von % ist abgelaufen. Bitte einen Admin, sie zu verlängern.',
    unknown_role:
      '% hat hier eine Rolle, die eine spätere Version von Freeway vergeben hat. Bitte den Besitzer um eine andere, oder darum, die Aktualisierung abzuschließen.',
    blocked: '% wurde von einem Admin gesperrt.',
    other_account:
      '% gehört zu einem anderen Google-Konto als zuvor. Ein Admin muss den alten Eintrag entfernen und neu einladen.',
    google_unreachable:
      'Die Zertifikate von Google sind gerade nicht lesbar, also kann sich niemand mit Google anmelden. Versuch es in einer Minute noch einmal.',
    google_off: 'Die Anmeldung mit Google ist hier nicht eingerichtet.',
    local_off:
      'Die Anmeldung per Link geht nur auf dem Rechner, auf dem Freeway läuft, und nur solange keine Anmeldung mit Google eingerichtet ist.',
    local_proxied:
      'Die Anmeldung per Link geht nur direkt auf diesem Rechner: nicht über einen Proxy, und nur unter 127.0.0.1 oder localhost.',
    wrong_token:
      'Der Link wurde schon benutzt, oder es ist nicht der, den der letzte Start ausgegeben hat. Starte Freeway neu für einen frischen, oder füge den Schlüssel des Besitzers ein.',
  },
};

/** null: the server's own words say it. */
export function sayNotLetIn(reason: unknown, email: unknown, language: Language): string | null {
  if (language === 'en') return null;
  const words: Readonly<Record<string, string>> = sentences[language];
  const sentence = typeof reason === 'string' ? words[reason] : undefined;
  const who = typeof email === 'string' && email !== '' ? email : 'Diese Adresse';
  return sentence?.replace('%', () => who) ?? null;
}
