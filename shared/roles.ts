// What people can be here. By itself, so that the web app's first load takes no more of the rules than this.

/** What a person is to this installation: the one who runs it, those who look after it, those who use it. */
export const roles = ['owner', 'admin', 'member'] as const;
export type Role = (typeof roles)[number];

/** A role as it is read: `unknown` is one that a later version has given, and that opens nothing here. */
export const readRoles = [...roles, 'unknown'] as const;
export type ReadRole = (typeof readRoles)[number];
