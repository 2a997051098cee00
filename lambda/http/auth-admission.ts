// Who may come in: the environment's lists, the people in the store, and rules for whole domains, laid over each other.
import { OWNER_ID } from '#shared/people.ts';
import type { Role } from '#shared/roles.ts';
import type { Clock } from '../ports.ts';
import type { People, Person } from '../ports-people.ts';
import type { GoogleIdentity } from './auth-google.ts';
import { SignInRefused } from './auth-refused.ts';

/** What somebody is here at this moment. */
export interface Standing {
  readonly id: string;
  readonly role: Role;
  readonly models: readonly string[] | null;
}

export interface Admission {
  /** What the person at this address is. Rejects with SignInRefused when they may not come in. */
  standing(email: string): Promise<Standing>;
  /** The same at a sign-in: notes who came, with which account. A rule for a domain lets in only accounts that the domain manages. */
  enter(identity: Pick<GoogleIdentity, 'email' | 'googleId' | 'managed'>): Promise<Standing>;
}

export interface AdmissionOptions {
  readonly people: People;
  readonly clock: Pick<Clock, 'now'>;
  /** Addresses in lower case; `*@domain` among the allowed. */
  readonly allowed: readonly string[];
  readonly admins: readonly string[];
  /** The admin who is the owner; null when the owner is whoever holds the owner's key. */
  readonly ownerEmail: string | null;
}

/** That somebody was seen is noted no more often than this. */
const NOTE_MS = 60_000;

const domainRuleOf = (email: string): string => `*@${email.slice(email.lastIndexOf('@') + 1)}`;

/** By whose word somebody may come in, and as what. */
interface Word {
  readonly source: Person['source'];
  /** Whether it is said of everybody at the domain. */
  readonly ofDomain: boolean;
  readonly role: Person['role'];
  readonly models: readonly string[] | null;
}

async function findWord(email: string, person: Person | null, options: AdmissionOptions): Promise<Word | null> {
  const { people, clock, allowed, admins } = options;
  const own = { role: person?.role ?? 'member', models: person?.models ?? null, ofDomain: false };
  if (admins.includes(email)) return { ...own, source: 'environment', role: 'admin' };
  if (person?.source === 'invited') return { ...own, source: 'invited' };
  const ruleEmail = domainRuleOf(email);
  if (allowed.includes(email)) return { ...own, source: 'environment' };
  if (allowed.includes(ruleEmail)) return { ...own, source: 'environment', ofDomain: true };
  const rule = await people.get(people.idOf(ruleEmail));
  if (rule === null || rule.blocked || (rule.expiresAtMs !== null && rule.expiresAtMs <= clock.now())) return null;
  return { source: 'domain', ofDomain: true, role: person?.role ?? rule.role, models: person?.models ?? rule.models };
}

interface Judged {
  readonly person: Person | null;
  readonly word: Word;
  readonly standing: Standing;
}

async function judge(email: string, options: AdmissionOptions): Promise<Judged> {
  const { people, clock, ownerEmail } = options;
  const id = people.idOf(email);
  const person = await people.get(id);
  if (email === ownerEmail)
    return {
      person,
      word: { source: 'environment', ofDomain: false, role: 'admin', models: null },
      standing: { id: OWNER_ID, role: 'owner', models: null },
    };
  if (person?.blocked) throw new SignInRefused('blocked', email);
  const word = await findWord(email, person, options);
  if (word === null) throw new SignInRefused('not_invited', email);
  const { role, models } = word;
  if (role === 'unknown') throw new SignInRefused('unknown_role', email);
  if (person !== null && person.expiresAtMs !== null && person.expiresAtMs <= clock.now())
    throw new SignInRefused('invitation_expired', email);
  return { person, word, standing: { id, role, models } };
}

/** The admission over these people. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { people, clock } = options;
  return {
    standing: async (email) => (await judge(email, options)).standing,
    enter: async ({ email, googleId, managed }) => {
      const { person, word, standing } = await judge(email, options);
      if (word.ofDomain && !managed) throw new SignInRefused('not_managed', email);
      const nowMs = clock.now();
      if (person === null) {
        await people.create({
          id: people.idOf(email),
          email,
          // The environment's word is asked for each time: it makes nobody an admin for longer than it stands there.
          role: word.source === 'environment' ? 'member' : word.role,
          models: word.source === 'domain' ? null : word.models,
          expiresAtMs: null,
          blocked: false,
          source: word.source,
          createdAtMs: nowMs,
          lastSeenAtMs: nowMs,
          googleId,
        });
        return standing;
      }
      // An address may be given to somebody else; the keys of whoever had it before must not go with it.
      if (person.googleId !== null && person.googleId !== googleId) throw new SignInRefused('other_account', email);
      if (person.googleId === null || nowMs - (person.lastSeenAtMs ?? 0) >= NOTE_MS)
        await people.change(person.id, (before) => ({ ...before, googleId, lastSeenAtMs: nowMs }));
      return standing;
    },
  };
}
