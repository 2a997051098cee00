// Names of models that stand for a tier where nobody serves the very model: the catalog's defaults.
import file from './aliases.json' with { type: 'json' };

/** Patterns and the names they stand for, in order. */
export const modelAliases: readonly (readonly [string, string])[] = Object.freeze(Object.entries(file.aliases));
