// The words about candidates: why each may or may not serve, and how they are compared.
import { defineMessages } from '../lib/messages.ts';

type Words = Readonly<Record<string, string>>;

const verdictsEn: Words = {
  eligible: 'Can serve',
  other_kind: 'Does other work than chats',
  other_model: 'Not the model that was asked for',
  provider_excluded: 'Its provider was excluded',
  already_tried: 'Was tried already',
  paid_not_allowed: 'Costs money, which is not allowed',
  may_train_on_prompts: 'May train on prompts',
  region_not_allowed: 'Not known to stay within the regions allowed',
  may_keep_prompts: 'May keep prompts too long',
  lacks_capability: 'Lacks what the request needs',
  context_too_small: 'Its context is too small',
  output_too_small: 'Its answers are too short',
  below_quality_floor: 'Too small for this task',
  request_exceeds_limit: 'The request is larger than its limit',
  resting: 'Rests after the provider asked for a pause',
  breaker_open: 'Failed lately and is left alone',
  quota_used_up: 'Its quota is used up for now',
  kept_for_later: 'Its quota is kept for later',
  over_budget: 'Would exceed the budget',
  kept_for_people: 'The rest is kept for people at a screen',
  retired: 'Was retired by its provider',
  over_price: 'Costs more than the request allows',
};

const verdictsDe: Words = {
  eligible: 'Kann antworten',
  other_kind: 'Macht anderes als Chats',
  other_model: 'Nicht das verlangte Modell',
  provider_excluded: 'Der Anbieter ist ausgeschlossen',
  already_tried: 'Wurde schon versucht',
  paid_not_allowed: 'Kostet Geld, was nicht erlaubt ist',
  may_train_on_prompts: 'Trainiert vielleicht mit Eingaben',
  region_not_allowed: 'Bleibt nicht sicher in den erlaubten Regionen',
  may_keep_prompts: 'Bewahrt Eingaben vielleicht zu lange auf',
  lacks_capability: 'Kann nicht, was die Anfrage braucht',
  context_too_small: 'Der Kontext ist zu klein',
  output_too_small: 'Die Antworten sind zu kurz',
  below_quality_floor: 'Zu klein für diese Aufgabe',
  request_exceeds_limit: 'Die Anfrage ist größer als das Limit',
  resting: 'Ruht, weil der Anbieter um eine Pause bat',
  breaker_open: 'Ist eben ausgefallen und wird geschont',
  quota_used_up: 'Das Kontingent ist gerade aufgebraucht',
  kept_for_later: 'Das Kontingent wird für später aufgehoben',
  over_budget: 'Würde das Budget überschreiten',
  kept_for_people: 'Der Rest ist Menschen am Bildschirm vorbehalten',
  retired: 'Wird vom Anbieter nicht mehr angeboten',
  over_price: 'Teurer, als die Anfrage erlaubt',
};

const partsEn: Words = {
  listed: 'Place in the list of models',
  tier: 'Free, local, then paid',
  belowFloor: 'Below the size needed',
  recovering: 'Recovering, left to other requests',
  context: 'Length of context',
  price: 'Price of this request, $',
  latency: 'Time to the first word, ms',
  unavailability: 'Share of failed calls',
  lastUsed: 'Used last',
  inFlight: 'Requests under way',
  draw: 'Weighted draw',
  priority: 'Priority of the credential',
  contested: 'Quota that others may take first',
  keep: 'Quota worth keeping',
  doubtful: 'Quota in doubt',
  pressure: 'Share of quota used',
  oversize: 'Larger than needed',
  turn: 'Turn among equals',
};

const partsDe: Words = {
  listed: 'Platz in der Modell-Liste',
  tier: 'Gratis, lokal, dann bezahlt',
  belowFloor: 'Unter der nötigen Größe',
  recovering: 'Erholt sich, bleibt anderen Anfragen',
  context: 'Länge des Kontexts',
  price: 'Preis dieser Anfrage, $',
  latency: 'Zeit bis zum ersten Wort, ms',
  unavailability: 'Anteil gescheiterter Aufrufe',
  lastUsed: 'Zuletzt benutzt',
  inFlight: 'Laufende Anfragen',
  draw: 'Gewichtetes Los',
  priority: 'Vorrang des Zugangs',
  contested: 'Kontingent, das andere zuerst nehmen könnten',
  keep: 'Kontingent, das man besser behält',
  doubtful: 'Zweifelhaftes Kontingent',
  pressure: 'Anteil des Kontingents, der benutzt ist',
  oversize: 'Größer als nötig',
  turn: 'Reihenfolge unter Gleichen',
};

export const candidateMessages = defineMessages(
  {
    capabilities: {
      tools: 'tools',
      vision: 'images',
      json: 'structured answers',
      reasoning: 'reasoning',
      prefill: 'continued answers',
      audio: 'audio',
      documents: 'documents',
    } as Words,
    candidates: 'Everybody considered',
    count: (count: number) =>
      count === 1
        ? '1 candidate: a model with the key that reaches it.'
        : `${count} candidates; each is a model with a key that reaches it.`,
    verdicts: verdictsEn,
    parts: partsEn,
    missing: (what: string) => `Lacks: ${what}`,
    place: (position: number) => `Number ${position} in the plan`,
    score: 'Compared by, the smaller first',
    limits: 'Limits',
    noLimits: 'No limit is known.',
    restsUntil: (when: string) => `Rests until ${when}`,
    sharesWith: (names: string) => `Shares its limits with ${names}`,
  },
  {
    capabilities: {
      tools: 'Werkzeuge',
      vision: 'Bilder',
      json: 'strukturierte Antworten',
      reasoning: 'Nachdenken',
      prefill: 'fortgesetzte Antworten',
      audio: 'Ton',
      documents: 'Dokumente',
    },
    candidates: 'Alle, die in Frage kamen',
    count: (count: number) =>
      count === 1
        ? '1 Kandidat: ein Modell mit dem Zugang zu ihm.'
        : `${count} Kandidaten; jeder ist ein Modell mit einem Zugang zu ihm.`,
    verdicts: verdictsDe,
    parts: partsDe,
    missing: (what: string) => `Es fehlt: ${what}`,
    place: (position: number) => `Nummer ${position} im Plan`,
    score: 'Verglichen nach; das Kleinere zuerst',
    limits: 'Limits',
    noLimits: 'Kein Limit ist bekannt.',
    restsUntil: (when: string) => `Ruht bis ${when}`,
    sharesWith: (names: string) => `Teilt seine Limits mit ${names}`,
  },
);
