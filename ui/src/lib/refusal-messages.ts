// The words for what the server did not take, by its codes. `{name}` stands for a value.
import type { fieldFaults } from '#shared/api/reason.ts';
import type { Lock } from '#shared/locks.ts';
import type { Refusal } from '#shared/refused.ts';
import { defineMessages } from './messages.ts';

type Words = Readonly<Record<string, string>>;
/** `counted`: what the bound counts, after the number; empty where it is a number itself. */
type FaultWords = Readonly<
  Record<(typeof fieldFaults)[number], (field: string, bound: number, counted: string) => string>
>;

interface RefusalWords {
  readonly refused: Readonly<Record<Refusal, string>>;
  readonly locked: Readonly<Record<Lock, string>>;
  /** Fields whose labels are not their names. */
  readonly fields: Words;
  readonly counted: Words;
  readonly fieldFaults: FaultWords;
  readonly fieldFormats: Readonly<Record<string, (field: string) => string>>;
}

export const refusalMessages = defineMessages<RefusalWords>(
  {
    refused: {
      missing: 'This is not there any more. Load the page again.',
      not_allowed: 'You may not do this. An admin or the owner can.',
      fault: 'Something went wrong on the server. Tell whoever runs it the number {id}.',
      store_away: 'The server can’t reach its store at the moment. Try again.',
      disk_full: 'The disk of this server is full, so nothing more can be kept. Tell whoever runs it.',
      other_site: 'This came from a page of another site, so it was not done.',
      session_ended: 'Your session has ended. Sign in again.',
      sign_in: 'You were not let in.',
      too_many_tries: 'Too many wrong keys or failed sign-ins came from here. Try again in {seconds} s.',
      no_provider: 'There is no provider “{id}”.',
      provider_retired: '{name} is no longer offered.',
      no_address: '“{text}” is no address. Give one such as https://api.example.com/v1.',
      field_missing: '“{label}” is missing.',
      field_unknown: '{provider} has no field “{name}”.',
      no_models: 'No models are listed. Name at least one.',
      key_moves:
        'The key was given for {from}, and would be sent to {to}. Remove this credential, and add it with the new address.',
      changed_meanwhile: 'Somebody else has changed this meanwhile. Load the page again and repeat your change.',
      deleted_long_ago: 'It was removed more than a week ago and can’t be brought back. Enter it again.',
      on_the_list: '{email} is on the list already. Change the entry instead.',
      not_yourself: 'You can’t do this to yourself. Ask another admin or the owner.',
      in_environment:
        '{email} is listed where Freeway is started (ALLOWED_EMAILS, ADMIN_EMAILS). Take it out there, or block the person here.',
      past: 'This day is over already. Choose a later one.',
      provider_exists: 'There is a provider “{id}” already. Choose another id.',
      catalog_refuses: '“{field}” is not right.',
      keys_of_others:
        'Keys of others ({count}) would be sent to this address, which they were not given for. Add it under another id, and let them give their keys for that.',
      mail_needs_sender: 'Mail needs an address to send from, one that SES has verified.',
      too_many_experiments: 'There are {max} experiments already. Remove one that is over.',
      nothing_recognised: 'Nothing was recognised. Known are .env files, older settings, and lists of keys.',
      range_backwards: 'The range ends before it begins.',
      range_too_long: 'The range is longer than {days} days.',
      nobody_serves: 'No key here serves this yet. Add one that does: several providers give one for free.',
      no_uploads: 'Recordings can’t be uploaded here: no place for them is set (FREEWAY_UPLOADS_BUCKET).',
      recording_empty: 'The recording is empty.',
      recording_too_large:
        'The recording is {bytes} large, and {max_bytes} are taken. Save it as mp3, m4a or ogg (an hour of speech is about 30 MB), or in parts.',
      no_room:
        'The recording is {bytes} large, and the server has room for {free_bytes}. Save it smaller (an hour of speech as mp3 is about 30 MB), or ask whoever runs the server to make room.',
      recording_gone: 'The recording is no longer there. Upload it again.',
      parts_missing: 'Parts of the recording have not come yet ({count}). Go on with the upload.',
      too_many_jobs: 'There are {max} transcriptions already. Delete some of them first.',
      job_incomplete: 'The transcript is not complete yet.',
      not_audio:
        'This is no recording that can be read here, whatever its name says. Send mp3, wav, m4a, mp4, aac, webm, ogg or flac.',
      no_sound:
        'No sound was found in this file: it has none, or is cut or damaged. Save it as mp3, m4a (AAC) or wav, with its sound.',
      codec_unknown:
        'The sound in this file is in a format that can’t be read here. Save it as mp3, m4a (AAC), ogg or webm (Opus), flac or wav (PCM).',
      recording_damaged:
        'This recording can’t be read: it is cut or damaged. Save it anew, for example as mp3, m4a or wav.',
      recording_protected:
        'This recording is protected against copying, so that it can’t be read. Send one that is not, saved as mp3, m4a or wav.',
      length_impossible: 'The file claims a length that can’t be right. Save it anew.',
      unsplittable:
        'This recording ({container}) is longer than any provider here takes at once, and can’t be split. Send it as mp3, m4a, ogg, webm, flac or wav, or in parts.',
      nobody_transcribes: 'No credential here can transcribe. Add one that can: several providers have free keys.',
      nobody_takes: 'No model here takes files of this kind ({container}). Send it as mp3.',
      nobody_offers: 'No model here can do it in this way ({what}).',
    },
    locked: {
      lost: 'The saved key can’t be opened any more. Enter it again.',
      master_key:
        'No saved key can be opened, and none can be saved: what encrypts them all is missing or another. Whoever runs this server can put it right.',
      away: 'Saved keys can’t be opened at the moment. It is tried again by itself.',
    },
    fields: {
      name: 'Name', email: 'E-mail', base_url: 'Address', priority: 'Priority', weight: 'Weight', models: 'Models',
      override_terms: 'Reason', expires_at: 'Expiry', allowed_models: 'Models', role: 'Role', label: 'Name', id: 'Id',
      size_bytes: 'Size', email_to: 'Addresses', email_from: 'Sender', webhook_url: 'Webhook', percent: 'Share',
    }, // prettier-ignore
    counted: { string: 'characters', array: 'entries', file: 'bytes' },
    fieldFaults: {
      missing: (field) => `“${field}” is missing.`,
      too_small: (field, bound, counted) => `“${field}” is too small: at least ${bound} ${counted}`.trimEnd() + '.',
      too_big: (field, bound, counted) => `“${field}” is too large: at most ${bound} ${counted}`.trimEnd() + '.',
      format: (field) => `“${field}” is not right.`,
      unknown: (_field, _bound, of) => `This server does not know “${of}”. Load the page again.`,
      other: (field) => `“${field}” is not right.`,
    },
    fieldFormats: {
      email: (field) => `“${field}” is no e-mail address.`,
      url: (field) => `“${field}” is no address. Give one such as https://api.example.com/v1.`,
      datetime: (field) => `“${field}” is no date.`,
    },
  },
  {
    refused: {
      missing: 'Das gibt es nicht mehr. Lade die Seite neu.',
      not_allowed: 'Das darfst du nicht. Ein Admin oder der Besitzer kann es.',
      fault: 'Auf dem Server ging etwas schief. Nenne dem, der ihn betreibt, die Nummer {id}.',
      store_away: 'Der Server erreicht seinen Speicher gerade nicht. Versuch es noch einmal.',
      disk_full:
        'Die Festplatte dieses Servers ist voll, es lässt sich nichts mehr ablegen. Sag es dem, der ihn betreibt.',
      other_site: 'Das kam von der Seite einer anderen Website und wurde deshalb nicht getan.',
      session_ended: 'Deine Sitzung ist zu Ende. Melde dich neu an.',
      sign_in: 'Du wurdest nicht eingelassen.',
      too_many_tries:
        'Von hier kamen zu viele falsche Schlüssel oder gescheiterte Anmeldungen. Versuch es in {seconds} s noch einmal.',
      no_provider: 'Es gibt keinen Anbieter „{id}“.',
      provider_retired: '{name} wird nicht mehr angeboten.',
      no_address: '„{text}“ ist keine Adresse. Gib eine an wie https://api.example.com/v1.',
      field_missing: '„{label}“ fehlt.',
      field_unknown: '{provider} hat kein Feld „{name}“.',
      no_models: 'Es sind keine Modelle gelistet. Nenne mindestens eines.',
      key_moves:
        'Der Schlüssel wurde für {from} angegeben und ginge nun an {to}. Entferne diesen Zugang, und füge ihn mit der neuen Adresse hinzu.',
      changed_meanwhile:
        'Das hat inzwischen jemand anders geändert. Lade die Seite neu, und wiederhole deine Änderung.',
      deleted_long_ago: 'Es wurde vor mehr als einer Woche entfernt und lässt sich nicht zurückholen. Gib es neu ein.',
      on_the_list: '{email} steht schon auf der Liste. Ändere stattdessen den Eintrag.',
      not_yourself: 'Bei dir selbst geht das nicht. Bitte einen anderen Admin oder den Besitzer.',
      in_environment:
        '{email} steht dort, wo Freeway gestartet wird (ALLOWED_EMAILS, ADMIN_EMAILS). Nimm die Adresse dort heraus, oder sperre die Person hier.',
      past: 'Dieser Tag ist schon vorbei. Wähle einen späteren.',
      provider_exists: 'Es gibt schon einen Anbieter „{id}“. Wähle eine andere Kennung.',
      catalog_refuses: '„{field}“ stimmt so nicht.',
      keys_of_others:
        'Schlüssel anderer ({count}) gingen an diese Adresse, für die sie nicht angegeben wurden. Füge sie unter einer anderen Kennung hinzu, und lass sie ihre Schlüssel dafür angeben.',
      mail_needs_sender: 'E-Mails brauchen eine Absenderadresse, die SES geprüft hat.',
      too_many_experiments: 'Es gibt schon {max} Experimente. Entferne eines, das vorbei ist.',
      nothing_recognised:
        'Es wurde nichts erkannt. Bekannt sind .env-Dateien, ältere Einstellungen und Listen von Schlüsseln.',
      range_backwards: 'Der Zeitraum endet, bevor er beginnt.',
      range_too_long: 'Der Zeitraum ist länger als {days} Tage.',
      nobody_serves:
        'Noch kein Zugang hier kann das. Füge einen hinzu, der es kann: Mehrere Anbieter haben kostenlose Schlüssel.',
      no_uploads: 'Aufnahmen lassen sich hier nicht hochladen: Kein Ort dafür ist gesetzt (FREEWAY_UPLOADS_BUCKET).',
      recording_empty: 'Die Aufnahme ist leer.',
      recording_too_large:
        'Die Aufnahme ist {bytes} groß, höchstens {max_bytes} sind möglich. Speichere sie als mp3, m4a oder ogg (eine Stunde Sprache sind etwa 30 MB) oder in Teilen.',
      no_room:
        'Die Aufnahme ist {bytes} groß, auf dem Server ist Platz für {free_bytes}. Speichere sie kleiner (eine Stunde Sprache als mp3 sind etwa 30 MB), oder bitte den, der den Server betreibt, Platz zu schaffen.',
      recording_gone: 'Die Aufnahme ist nicht mehr da. Lade sie noch einmal hoch.',
      parts_missing: 'Teile der Aufnahme fehlen noch ({count}). Setze das Hochladen fort.',
      too_many_jobs: 'Es gibt schon {max} Transkripte. Lösche erst einige davon.',
      job_incomplete: 'Das Transkript ist noch nicht vollständig.',
      not_audio:
        'Das ist keine Aufnahme, die sich hier lesen lässt, wie auch immer sie heißt. Möglich sind mp3, wav, m4a, mp4, aac, webm, ogg und flac.',
      no_sound:
        'In dieser Datei fand sich kein Ton: Sie hat keinen, oder ist abgeschnitten oder beschädigt. Speichere sie mit Ton als mp3, m4a (AAC) oder wav.',
      codec_unknown:
        'Der Ton dieser Datei hat ein Format, das sich hier nicht lesen lässt. Speichere sie als mp3, m4a (AAC), ogg oder webm (Opus), flac oder wav (PCM).',
      recording_damaged:
        'Diese Aufnahme lässt sich nicht lesen: Sie ist abgeschnitten oder beschädigt. Speichere sie neu, etwa als mp3, m4a oder wav.',
      recording_protected:
        'Diese Aufnahme ist kopiergeschützt und lässt sich nicht lesen. Schick eine ohne Schutz, gespeichert als mp3, m4a oder wav.',
      length_impossible: 'Die Datei nennt eine Länge, die nicht stimmen kann. Speichere sie neu.',
      unsplittable:
        'Diese Aufnahme ({container}) ist länger, als ein Anbieter hier auf einmal nimmt, und lässt sich nicht teilen. Schick sie als mp3, m4a, ogg, webm, flac oder wav, oder in Teilen.',
      nobody_transcribes:
        'Kein Zugang hier kann transkribieren. Füge einen hinzu, der es kann: Mehrere Anbieter haben kostenlose Schlüssel.',
      nobody_takes: 'Kein Modell hier nimmt Dateien dieser Art ({container}). Schick sie als mp3.',
      nobody_offers: 'Kein Modell hier kann es auf diese Weise ({what}).',
    },
    locked: {
      lost: 'Der gespeicherte Schlüssel lässt sich nicht mehr öffnen. Gib ihn neu ein.',
      master_key:
        'Kein gespeicherter Schlüssel lässt sich öffnen, und keiner speichern: Was sie alle verschlüsselt, fehlt oder ist ein anderes. Wer diesen Server betreibt, kann das richten.',
      away: 'Gespeicherte Schlüssel lassen sich gerade nicht öffnen. Das wird von selbst wieder versucht.',
    },
    fields: {
      name: 'Name', email: 'E-Mail', base_url: 'Adresse', priority: 'Vorrang', weight: 'Gewicht', models: 'Modelle',
      override_terms: 'Begründung', expires_at: 'Ablauf', allowed_models: 'Modelle', role: 'Rolle', label: 'Name', id: 'Kennung',
      size_bytes: 'Größe', email_to: 'Adressen', email_from: 'Absender', webhook_url: 'Webhook', percent: 'Anteil',
    }, // prettier-ignore
    counted: { string: 'Zeichen', array: 'Einträge', file: 'Bytes' },
    fieldFaults: {
      missing: (field) => `„${field}“ fehlt.`,
      too_small: (field, bound, counted) => `„${field}“ ist zu klein: mindestens ${bound} ${counted}`.trimEnd() + '.',
      too_big: (field, bound, counted) => `„${field}“ ist zu groß: höchstens ${bound} ${counted}`.trimEnd() + '.',
      format: (field) => `„${field}“ stimmt so nicht.`,
      unknown: (_field, _bound, of) => `Dieser Server kennt „${of}“ nicht. Lade die Seite neu.`,
      other: (field) => `„${field}“ stimmt so nicht.`,
    },
    fieldFormats: {
      email: (field) => `„${field}“ ist keine E-Mail-Adresse.`,
      url: (field) => `„${field}“ ist keine Adresse. Gib eine an wie https://api.example.com/v1.`,
      datetime: (field) => `„${field}“ ist kein Datum.`,
    },
  },
);
