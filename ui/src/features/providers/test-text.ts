// What a test of a credential found, in the words of the page.
import type { TestResult } from '#shared/api/credentials.ts';
import { useMessages } from '../../lib/messages.ts';
import { testMessages, toTestText } from '../../lib/test-messages.ts';

/** How results are told. */
export function useTestText(): (result: Pick<TestResult, 'outcome' | 'cause' | 'message'>) => string {
  const words = useMessages(testMessages);
  return (result) => toTestText(words, result);
}
