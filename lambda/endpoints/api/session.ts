// /api/session and /api/sessions: signing in and out, and where else one is signed in.
import {
  googleSignInSchema,
  localSignInSchema,
  openSessionsSchema,
  signedInSchema,
  type SignedIn as SignedInView,
} from '#shared/api/session.ts';
import { sessionStateSchema, type SessionState } from '#shared/api/session-state.ts';
import type { Principal } from '#shared/people.ts';
import type { SignedIn } from '../../ports-people.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { allow, missing, toInstant, toRoute, writeAudit, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

const toPerson = ({ id, email, role, via }: Principal): SignedInView['person'] => ({ id, email, role, via });

async function readState({ identity }: ApiDeps, { principal, refusal }: Visit): Promise<ApiReply> {
  const signIn = await identity.signIn();
  const state: SessionState = {
    mode: signIn.mode,
    client_id: signIn.clientId,
    nonce: principal === null ? await signIn.nonce() : null,
    person: principal === null ? null : toPerson(principal),
    refusal: refusal?.message ?? null,
  };
  return { json: state };
}

function welcome({ principal, token, cookie, endsAtMs }: SignedIn, carry: 'cookie' | 'bearer'): ApiReply {
  const bearer = carry === 'bearer';
  const json: SignedInView = {
    person: toPerson(principal),
    token: bearer ? token : null,
    expires_at: toInstant(endsAtMs),
  };
  return bearer ? { json } : { json, headers: { 'set-cookie': cookie } };
}

async function signOut(deps: ApiDeps, visit: Visit): Promise<ApiReply> {
  const { identity } = deps;
  const { principal } = visit;
  if (principal?.sessionId) {
    await identity.sessions.close(principal.id, principal.sessionId);
    await writeAudit(deps, visit, { action: 'sign_out' });
  }
  return { headers: { 'set-cookie': identity.farewellCookie(visit.exchange.headers) } };
}

async function listSessions({ identity: { sessions } }: ApiDeps, visit: Visit): Promise<ApiReply> {
  const { id, sessionId } = principalOf(visit);
  const open = await sessions.list(id);
  const data = open.map((session) => ({
    id: session.id,
    via: session.via,
    device: session.device,
    created_at: toInstant(session.createdAtMs),
    last_seen_at: toInstant(session.lastSeenAtMs),
    expires_at: toInstant(sessions.endsAtMs(session)),
    current: session.id === sessionId,
  }));
  return { json: { data } };
}

function toOwnSession(deps: ApiDeps): readonly ApiRoute[] {
  const { identity } = deps;
  return [
    toRoute({
      method: 'GET',
      path: '/api/session',
      summary: 'How to sign in here, and who is signed in.',
      access: 'open',
      reply: sessionStateSchema,
      handle: ({ visit }) => readState(deps, visit),
    }),
    toRoute({
      method: 'POST',
      path: '/api/session/google',
      summary: "Sign in with Google's ID token.",
      access: 'open',
      body: googleSignInSchema,
      reply: signedInSchema,
      handle: async ({ visit, body: { credential, nonce = null, carry } }) =>
        welcome(await (await identity.signIn()).withGoogle({ credential, nonce }, visit), carry),
    }),
    toRoute({
      method: 'POST',
      path: '/api/session/local',
      summary: 'Sign in as the owner by the link that the start printed, or by the owner key. On one machine only.',
      access: 'open',
      body: localSignInSchema,
      reply: signedInSchema,
      handle: async ({ visit, body: { token, carry } }) =>
        welcome(await (await identity.signIn()).withToken(token, visit), carry),
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/session',
      summary: 'Sign out here.',
      access: 'open',
      handle: ({ visit }) => signOut(deps, visit),
    }),
  ];
}

function toOpenSessions(deps: ApiDeps): readonly ApiRoute[] {
  const { identity } = deps;
  return [
    toRoute({
      method: 'GET',
      path: '/api/sessions',
      summary: 'Everywhere one is signed in.',
      access: ['read', 'session'],
      reply: openSessionsSchema,
      handle: ({ visit }) => listSessions(deps, visit),
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/sessions',
      summary: 'Sign out everywhere.',
      access: ['delete', 'session'],
      handle: async ({ visit }) => {
        await identity.sessions.closeAll(principalOf(visit).id);
        await writeAudit(deps, visit, { action: 'sign_out_everywhere' });
        return { headers: { 'set-cookie': identity.farewellCookie(visit.exchange.headers) } };
      },
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/sessions/:id',
      summary: 'Sign out in one place.',
      access: ['delete', 'session'],
      handle: async ({ visit, params: { id = '' } }) => {
        const person = allow(visit, 'delete', { kind: 'session', ownerId: principalOf(visit).id });
        if (!(await identity.sessions.close(person.id, id))) throw missing('session');
        await writeAudit(deps, visit, { action: 'sign_out', target: id });
        return {};
      },
    }),
  ];
}

/** The routes over their services. */
export const toSessionRoutes = (deps: ApiDeps): readonly ApiRoute[] => [...toOwnSession(deps), ...toOpenSessions(deps)];
