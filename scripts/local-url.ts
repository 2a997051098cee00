// Where a server listens: that of this machine, as far as its own variables say, or the one that is named.

/** By `PORT`, as the server itself reads it. */
export const localUrl = (env: NodeJS.ProcessEnv): string => `http://127.0.0.1:${env['PORT']?.trim() || 8787}`;

/** The address that an option names, without slashes behind it. Throws Error for what is none, such as one without http://. */
export function readServer(option: string, text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new Error(`${option} is "${text}", but must be an address such as http://127.0.0.1:8787.`);
}
