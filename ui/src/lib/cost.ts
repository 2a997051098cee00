// What something cost, as people read it: an amount or a sum that is partly guessed does not pass for one that is known.
import { formatUsd } from './format.ts';
import { defineMessages, useLanguage, useMessages } from './messages.ts';

const messages = defineMessages({ about: (usd: string) => `about ${usd}` }, { about: (usd: string) => `etwa ${usd}` });

/** `$0.02`, or `about $0.02` where the server says that it is estimated. */
export function useCost(): (usd: number, isEstimated?: boolean) => string {
  const { about } = useMessages(messages);
  const language = useLanguage();
  return (usd, isEstimated = false) => (isEstimated ? about : String)(formatUsd(usd, language));
}
