// That somebody is not let in, and why: one word, for the audit. What the person is told is loaded when it is told.
import type { SignInReason } from '#shared/refused.ts';

/** A sign-in that was refused. `email` is who it was, as far as that is proven or claimed. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';
  readonly reason: SignInReason;
  readonly email: string | null;
  constructor(reason: SignInReason, email: string | null = null) {
    super(reason);
    this.reason = reason;
    this.email = email;
  }
}
