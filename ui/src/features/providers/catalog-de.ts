// What the catalog says to people, in German: names that are words, fields and their hints, and what is had for free.
import type { Provider } from '#shared/catalog.ts';

const texts: Readonly<Record<string, string>> = {
  'Any OpenAI-compatible endpoint': 'Jeder OpenAI-kompatible Endpunkt',
  'Ollama (local)': 'Ollama (lokal)',
  'vLLM (self-hosted)': 'vLLM (selbst betrieben)',

  'API key': 'API-Schlüssel',
  'Account id': 'Konto-ID',
  Address: 'Adresse',
  'Base URL': 'Basis-URL',
  'Endpoint id': 'Endpunkt-ID',
  Location: 'Standort',
  'Project id': 'Projekt-ID',
  Region: 'Region',
  'Resource name': 'Name der Ressource',
  'Service account key (JSON)': 'Schlüssel des Dienstkontos (JSON)',

  "32 hexadecimal digits, on the account's home page.": '32 hexadezimale Ziffern, auf der Startseite des Kontos.',
  'A region, or global.': 'Eine Region, oder global.',
  'Or accessKeyId:secretAccessKey, with :sessionToken behind it for temporary keys, or role for the role this runs under.':
    'Oder accessKeyId:secretAccessKey, bei befristeten Schlüsseln mit :sessionToken dahinter, oder role für die Rolle, unter der Freeway läuft.',
  'Or tenant:client:secret of an application, or managed-identity for the identity of the machine.':
    'Oder tenant:client:secret einer Anwendung, oder managed-identity für die Identität der Maschine.',
  "The first part of the resource's host name.": 'Der erste Teil des Hostnamens der Ressource.',
  'Up to and including /v1.': 'Bis einschließlich /v1.',
  'Where Ollama listens, with /v1.': 'Wo Ollama lauscht, mit /v1.',

  '$0.10 of use each month ($2 on PRO).': 'Jeden Monat Nutzung für 0,10 $ (mit PRO 2 $).',
  '$0.11 of use each day (10,000 neurons).': 'Jeden Tag Nutzung für 0,11 $ (10.000 Neurons).',
  '$200 of credit without an end.': '200 $ Guthaben ohne Ablauf.',
  '$5 of credit for 30 days after adding a payment method.':
    '5 $ Guthaben für 30 Tage, sobald ein Zahlungsmittel hinterlegt ist.',
  '$50 of credit.': '50 $ Guthaben.',
  '10 hours of audio a month, three recordings at a time.': '10 Stunden Audio im Monat, drei Aufnahmen zugleich.',
  '10,000 credits a month, for non-commercial use.': '10.000 Credits im Monat, für nicht kommerzielle Nutzung.',
  '10,000,000 tokens once for each key.': 'Einmalig 10.000.000 Tokens je Schlüssel.',
  '100,000,000 tokens once.': 'Einmalig 100.000.000 Tokens.',
  '20 requests and 200,000 tokens a day for each model.': '20 Anfragen und 200.000 Tokens am Tag je Modell.',
  '200,000,000 tokens once.': 'Einmalig 200.000.000 Tokens.',
  '50 requests a day over all :free models; 1,000 once at least $10 were ever bought.':
    '50 Anfragen am Tag über alle :free-Modelle; 1.000, sobald je für mindestens 10 $ gekauft wurde.',
  'A pool of free models without a key: 200 requests an hour for each address.':
    'Kostenlose Modelle ohne Schlüssel: 200 Anfragen in der Stunde je Adresse.',
  'Basic tier with $1 of promotional credit.': 'Grundstufe mit 1 $ Startguthaben.',
  'Each day 20 requests for each Flash model and 500 for each Flash-Lite model, per project; the only free long context.':
    'Jeden Tag 20 Anfragen je Flash-Modell und 500 je Flash-Lite-Modell, pro Projekt; der einzige kostenlose lange Kontext.',
  'Free mode: about 60 requests a minute and up to 1,000,000,000 tokens a month; which models are included differs by key. Needs a phone number.':
    'Kostenloser Modus: etwa 60 Anfragen in der Minute und bis zu 1.000.000.000 Tokens im Monat; welche Modelle dabei sind, hängt vom Schlüssel ab. Verlangt eine Telefonnummer.',
  'GLM-4.7-Flash and GLM-4.6V-Flash cost nothing, one request at a time.':
    'GLM-4.7-Flash und GLM-4.6V-Flash kosten nichts, eine Anfrage zugleich.',
  'Renews continuously: 1,000 requests and 200,000 tokens a day for each chat model, 8 hours of audio a day for each Whisper model.':
    'Füllt sich laufend auf: am Tag 1.000 Anfragen und 200.000 Tokens je Chat-Modell, 8 Stunden Audio je Whisper-Modell.',
  'Renews every 5 hours and every week; the amounts are not published.':
    'Erneuert sich alle 5 Stunden und jede Woche; wie viel es ist, wird nicht veröffentlicht.',
  'Sources disagree: $100 of credit, or 8 hours a month.':
    'Die Quellen sind uneins: 100 $ Guthaben, oder 8 Stunden im Monat.',
  'Trial for evaluation: 40 requests a minute for each model.':
    'Zum Ausprobieren: 40 Anfragen in der Minute je Modell.',
  'Trial key: 1,000 calls a month over all endpoints, for non-commercial use.':
    'Testschlüssel: 1.000 Aufrufe im Monat über alle Endpunkte, für nicht kommerzielle Nutzung.',
  // Notes on the terms of those whose keys may not serve others.
  'Said of trial keys.': 'So gesagt von Testschlüsseln.',
  'The documentation says that nothing is retained.': 'Laut Dokumentation wird nichts gespeichert.',
  'Evaluation only.': 'Nur zum Ausprobieren.',
  'The terms bar use as a service bureau.': 'Die Bedingungen untersagen, die Dienste an Dritte weiterzugeben.',
};

/** Texts of the catalog that have German words. */
export const germanTexts: ReadonlySet<string> = new Set(Object.keys(texts));

/** A text of the catalog in German; itself where it has no German words, as the names of companies, and what admins have added. */
export const toGermanText = (text: string): string => texts[text] ?? text;

/** Why a key of this provider serves its owner alone although it is shared. */
export const toGermanHeldBack = ({ name, terms: { note } }: Provider): string =>
  `Nach den Bedingungen von ${toGermanText(name)} darf ein Schlüssel nicht anderen dienen${note === undefined ? '' : ` (${toGermanText(note)})`}. Bis du begründest, warum er es darf, dient er nur dir.`;
