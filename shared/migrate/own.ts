// Settings that were exported here: what a person had set comes back as it was; keys are not in an export, and are named to be given again.
import { routingChangeSchema } from '../settings.ts';
import { nothingFound, type Migration } from './found.ts';

type Json = Readonly<Record<string, unknown>>;

const toRecord = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** Reads an export. null: it is none. */
export function migrateOwn(json: unknown): Migration | null {
  const { freeway_export: version, settings, installation, credentials, api_keys: keys } = toRecord(json);
  if (version === undefined) return null;
  const own: Record<string, unknown> = {};
  const unknown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(toRecord(settings))) {
    const isKnown =
      name in routingChangeSchema._zod.innerType.shape && routingChangeSchema.safeParse({ [name]: value }).success;
    if (isKnown) own[name] = value;
    // What somebody may spend and use is set by admins.
    else if (name !== 'budget' && name !== 'quota' && name !== 'imported') unknown[`settings.${name}`] = value;
  }
  const names = (list: unknown): string[] =>
    (Array.isArray(list) ? list : []).map((one) => String(toRecord(one)['name'] ?? ''));
  const all = Object.keys(toRecord(installation));
  const notes = [
    ...names(credentials).map((name) => `The credential "${name}" needs its key again: keys are never exported.`),
    ...names(keys).map((name) => `The API key "${name}" belongs to where it was made; make a new one here.`),
    ...(all.length === 0
      ? []
      : [
          `What is set for everybody is not taken over; set it in the settings of this installation: ${all.join(', ')}.`,
        ]),
  ];
  return { ...nothingFound('an export of Freeway'), own, unknown, notes };
}
