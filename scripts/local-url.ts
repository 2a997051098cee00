// Where the server of this machine listens, as far as its own variables say.

/** By `PORT`, as the server itself reads it. */
export const localUrl = (env: NodeJS.ProcessEnv): string => `http://127.0.0.1:${env['PORT']?.trim() || 8787}`;
