// Who was asked, in words.

/** A model, and the name of the key with which it was asked: where a provider is one's own, only that tells which one it was. */
export const toWho = (model: string, credential: string | null): string =>
  credential === null ? model : `${model} (${credential})`;
