// Which fields of a body are words of other routers: looked at in every request, so that what reads them is loaded with the first that has one.
import type { Json } from './json.ts';

/** Fields of OpenRouter and LiteLLM that providers do not know. */
const fields =
  /^(?:provider|route|transforms|plugins|preset|usage|(?:disable_)?fallbacks|(?:num|max)_retries|timeout|(?:additional_)?drop_params|allowed_openai_params|mock_response|guardrails|tags|caching|api_key|api_base|litellm_\w+)$/;

/** What OpenRouter's users write behind a model's name. */
export const variant = /:(?:nitro|floor|online|exacto|extended|thinking|beta)(?::free)?$/;

/** Names of the fields that are words of other routers; `reasoning` is one only where the format has no such field itself. */
export function foreignFieldsOf(body: Json, hasReasoning: boolean): readonly string[] {
  const found: string[] = [];
  for (const name in body)
    if ((fields.test(name) || (name === 'reasoning' && !hasReasoning)) && body[name] !== undefined) found.push(name);
  return found;
}

/** Whether a model's name says more than which model. */
export const hasVariant = (model: string): boolean => model.includes(':') && variant.test(model.toLowerCase());
