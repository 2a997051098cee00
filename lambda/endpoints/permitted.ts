// What of the fleet somebody may use: the models their person and their key allow, and how far the key lets them pay or be trained on.
import { CallerError } from '#shared/failures.ts';
import { can, type Principal } from '#shared/people.ts';
import type { SettingsInForce } from '../ports-settings.ts';
import type { Policy } from '../routing/policy.ts';
import { meantBy, type Selector } from '../routing/selector.ts';
import type { Candidate } from '../routing/types.ts';

const isBounded = ({ models, key }: Principal): boolean => models !== null || (key?.models ?? null) !== null;

/** What patterns of models are held against. Names that people give their own keys say nothing: whoever is bounded would name one as is allowed. */
const toNames = ({ route, modelId, family, credential, configured }: Candidate): string[] =>
  configured ? [route, modelId, family, `${credential}/${modelId}`] : [route, modelId, family];

/** Whether they may use this model. */
export function permits(principal: Principal, candidate: Candidate): boolean {
  return !isBounded(principal) || can(principal, 'use', { kind: 'model', names: toNames(candidate) });
}

/** Of the candidates a name means, those they may use. Throws CallerError `forbidden` when none is left. */
export function toPermitted(selector: Selector, candidates: readonly Candidate[], principal: Principal): Selector {
  if (!isBounded(principal)) return selector;
  const meant = meantBy(selector, candidates);
  const among = meant.filter((index) => {
    const candidate = candidates[index];
    return candidate !== undefined && permits(principal, candidate);
  });
  if (among.length > 0 || meant.length === 0) return { ...selector, among };
  const patterns = principal.key?.models ?? principal.models ?? [];
  const who = principal.key === null ? 'You' : `The API key "${principal.key.name}"`;
  throw new CallerError('forbidden', `${who} may not use "${selector.name}", only: ${patterns.join(', ')}.`, {
    param: 'model',
  });
}

/** The policy within what the key allows; programs leave some of what lasts long to people at a screen, where that is set. */
export function toPermittedPolicy(policy: Policy, { key, sessionId }: Principal, inForce: SettingsInForce): Policy {
  const percent = inForce.installation.interactive_reserve_percent ?? 0;
  // The web app asks through a session: whoever sends a key or a token is a program, and so is what goes on by itself.
  const isProgram = sessionId === null;
  const left = isProgram && percent > 0 ? { leavePart: percent / 100 } : {};
  if (key === null) return percent > 0 ? { ...policy, ...left } : policy;
  return {
    ...policy,
    paid: key.tier === 'free' ? 'never' : policy.paid,
    noTraining: policy.noTraining || key.privacy === 'no_training',
    ...left,
  };
}
