// How hard to think, in the words of those who route between formats: efforts, and the tokens of thought that stand for them.
import type { Json } from './json.ts';
import { toAmount, toRecord, toText } from './json.ts';

/** Tokens of thought for an effort. */
export const effortBudgets: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 512,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};

/** From where on a budget is more than low, and more than medium, tokens. */
const MEDIUM_BUDGET_TOKENS = 4_096;
const HIGH_BUDGET_TOKENS = 16_384;

/** The effort that a budget of thought, tokens, stands for. */
export function effortOf(budget: number): string {
  if (budget === 0) return 'none';
  return budget > HIGH_BUDGET_TOKENS ? 'high' : budget > MEDIUM_BUDGET_TOKENS ? 'medium' : 'low';
}

/** The effort of a `reasoning` object, as OpenRouter takes it; null: it tells none. */
export function effortOfReasoning({ effort, max_tokens: most, enabled }: Json): string | null {
  const told = toText(effort);
  if (told !== null) return told;
  const budget = toAmount(most);
  if (enabled === false) return 'none';
  return budget === undefined ? (enabled === true ? 'medium' : null) : effortOf(budget);
}

/** The effort of a `thinking` object, as LiteLLM takes it; null: it tells none. */
function effortOfThinking({ type, budget_tokens: most }: Json): string | null {
  if (type === 'disabled') return 'none';
  const budget = toAmount(most);
  return budget === undefined ? (type === 'adaptive' || type === 'enabled' ? 'medium' : null) : effortOf(budget);
}

/** The body with the effort of a `reasoning` or `thinking` object under the name that all formats are told it by. */
export function toEffortBody(body: Json): Json {
  const { reasoning, thinking, ...rest } = body;
  const given = effortOfReasoning(toRecord(reasoning)) ?? effortOfThinking(toRecord(thinking));
  return given === null ? body : { reasoning_effort: given, ...rest };
}
