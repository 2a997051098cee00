// What the audit says about an act, in German. The server writes it once, in English; names and ids in it stay as they are.

const refusals: Readonly<Record<string, string>> = {
  malformed: 'Das Token ist unleserlich',
  algorithm: 'nicht so unterschrieben, wie Google es tut',
  unknown_signer: 'mit einem Schlüssel unterschrieben, den Google nicht nennt',
  forged: 'Die Unterschrift ist falsch',
  expired: 'abgelaufen',
  not_yet_valid: 'noch nicht gültig',
  wrong_audience: 'für eine andere Anwendung ausgestellt',
  wrong_issuer: 'nicht von Google ausgestellt',
  email_unverified: 'Die Adresse ist bei Google nicht bestätigt',
  nonce_missing: 'ohne Einmalzahl dieses Servers',
  nonce_unknown: 'dauerte zu lange oder begann anderswo',
  nonce_used: 'schon benutzt',
  not_invited: 'nicht eingeladen',
  invitation_expired: 'Die Einladung ist abgelaufen',
  unknown_role: 'Die Rolle stammt von einer späteren Version',
  blocked: 'gesperrt',
  other_account: 'gehört zu einem anderen Google-Konto als bisher',
  google_unreachable: 'Google war nicht erreichbar',
  google_off: 'Anmeldung mit Google ist nicht eingerichtet',
  local_off: 'Anmeldung per Link gilt nur auf dem eigenen Rechner',
  local_proxied: 'Anmeldung per Link gilt nicht über einen Proxy',
  wrong_token: 'Der Link ist verbraucht oder nicht der letzte',
};

const roles: Readonly<Record<string, string>> = { owner: 'Inhaber', admin: 'Admin', member: 'Mitglied' };

type Words = readonly string[];

/** How each kind of sentence begins, and what it says in German. */
const sentences: readonly (readonly [RegExp, (words: Words) => string])[] = [
  [/^by the link of this machine$/, () => 'über den Link dieses Rechners'],
  [/^by the owner key$/, () => 'mit dem Inhaber-Schlüssel'],
  [/^by Google$/, () => 'mit Google'],
  [/^too many wrong keys$/, () => 'zu viele falsche Schlüssel'],
  [/^imported$/, () => 'eingeführt'],
  [/^where alerts go$/, () => 'wohin Meldungen gehen'],
  [/^as (\w+)$/, ([role = '']) => `als ${roles[role] ?? role}`],
  [/^(\d+) API keys? revoked$/, ([count]) => `${count} API-Schlüssel widerrufen`],
  [/^(\d+) of (\d+) credentials$/, ([some, all]) => `${some} von ${all} Zugängen`],
  [/^(".*"), the old one stays good for (\d+) s$/, ([name, seconds]) => `${name}, der alte gilt noch ${seconds} s`],
  [/^(".*") for (.+)$/, ([name, scopes]) => `${name} für ${scopes}`],
  [
    /^(.*); serves others although the terms do not allow it, because: (.*)$/s,
    ([names, reason]) => `${names}; dient anderen, obwohl die Bedingungen es nicht erlauben, weil: ${reason}`,
  ],
  [/^(flag|experiment|endpoint) set, (.*)$/s, ([what, rest]) => `${what} gesetzt, ${rest}`],
  [/^(flag|experiment|endpoint) removed(.*)$/s, ([what, rest]) => `${what} entfernt${rest}`],
  [/^uses (.+) in (.+)$/, ([endpoint, where]) => `benutzt ${endpoint} in ${where}`],
  [/^has no endpoint in (.+)$/, ([where]) => `hat keinen Endpunkt in ${where}`],
];

/** The sentence in German; the server's own where none fits. */
export function toGermanDetail(detail: string): string {
  const [reason = ''] = detail.split(':', 1);
  const refusal = refusals[reason];
  if (refusal !== undefined) return refusal;
  for (const [pattern, say] of sentences) {
    const found = pattern.exec(detail);
    if (found) return say(found.slice(1));
  }
  return detail;
}
