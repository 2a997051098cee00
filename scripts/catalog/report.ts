// Tells findings as lines for people, most urgent first. Pure.
import type { Finding, Import } from './findings.ts';

/** What of each kind there is, and what a person does about it. */
const titles: readonly (readonly [Finding['kind'], string, string])[] = [
  [
    'conflict',
    'Prices that sources dispute by more than a fifth (never written)',
    "look at the provider's own page, and write its price with that page as evidence",
  ],
  ['drift', 'Numbers that moved', 'take them over with --write'],
  [
    'tier',
    'Prices of long calls that the source sees differently (never written)',
    "look at the provider's own page, and write its tiers",
  ],
  [
    'capability',
    'Capabilities that the source sees differently (never written)',
    'try it, or look at the documentation, and write what holds',
  ],
  [
    'gone',
    'Models the source no longer lists (never written)',
    'move those that are no longer served to retiredModels',
  ],
  ['ended', 'Models that have retired (never written)', 'move them to retiredModels, with what replaces them'],
  [
    'ending',
    'Models that retire within 60 days',
    'nothing is led to them afterwards; see that something else serves what they did',
  ],
  ['stale', 'Evidence older than 60 days', 'look at its source again, and write what it says now with the date'],
  ['new', 'Models the catalog does not have (never written)', 'describe those that are worth it'],
  ['confirmed', 'Prices confirmed', 'date them anew with --write'],
];
/** Longer lists are cut and counted; these kinds are summed up for each provider. */
const summed: readonly Finding['kind'][] = ['stale', 'new', 'confirmed'];
const SHOWN = 5;

function toLine(finding: Finding): string {
  switch (finding.kind) {
    case 'drift':
    case 'conflict':
      return `${finding.provider}/${finding.model}: ${finding.field} ${finding.from ?? 'unknown'} -> ${finding.to}`;
    case 'tier': {
      const { above, field, from, to } = finding;
      return `${finding.provider}/${finding.model}: above ${above} tokens ${field} ${from ?? 'none'} -> ${to ?? 'none'}`;
    }
    case 'capability':
      return `${finding.provider}/${finding.model}: ${finding.to ? 'can' : "can't"} ${finding.capability}`;
    case 'ended':
    case 'ending':
      return `${finding.provider}/${finding.model}: ${finding.on}`;
    case 'stale':
      return `${finding.what} (${finding.days} days)`;
    default:
      return finding.kind === 'gone' ? `${finding.provider}/${finding.model}` : finding.model;
  }
}

function toSums(findings: readonly Finding[]): string[] {
  const byProvider = Map.groupBy(findings, ({ provider }) => provider);
  return [...byProvider].map(([provider, own]) => {
    const more = own.length > SHOWN ? `, and ${own.length - SHOWN} more` : '';
    return `${provider}: ${own.slice(0, SHOWN).map(toLine).join('; ')}${more}`;
  });
}

/** Whether the catalog says something else than the source: what `--check` fails on. New models and age alone are not faults. */
export const isFault = ({ kind }: Finding): boolean =>
  ['conflict', 'drift', 'tier', 'capability', 'gone', 'ended'].includes(kind);

/** The whole report. */
export function toReport(findings: readonly Finding[], from: Import): string {
  const sections = titles.flatMap(([kind, title, advice]) => {
    const own = findings.filter((finding) => finding.kind === kind);
    if (own.length === 0) return [];
    const lines = summed.includes(kind) ? toSums(own) : own.map(toLine);
    return [`${title}: ${own.length}; ${advice}\n${lines.map((line) => `  ${line}`).join('\n')}`];
  });
  const head = `Compared with "${from.source}" as of ${from.asOf}: ${from.models.length} models.`;
  const where = 'What is to be written is written in catalog/providers/<id>.json; npm test holds it to the schema.';
  return [head, ...(sections.length > 0 ? [where, ...sections] : ['Nothing to tell.'])].join('\n\n');
}
