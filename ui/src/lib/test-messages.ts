// The words for what a test of a credential found, and what to do.
import type { TestCause, TestOutcome, TestResult } from '#shared/api/credentials.ts';
import { defineMessages } from './messages.ts';

type TestFound = Pick<TestResult, 'outcome' | 'cause' | 'message'>;

interface TestWords {
  readonly outcomes: Readonly<Record<TestOutcome, string>>;
  readonly causes: Readonly<Record<Exclude<TestCause, 'identity'>, string>>;
}

export const testMessages = defineMessages<TestWords>(
  {
    outcomes: {
      works: 'The provider accepts this key.',
      wrong_key: 'The provider does not accept this key. Check that all of it was copied, and that it was not revoked.',
      limited: 'The key is right, but its limit is used up for now.',
      wrong_url: 'At this address nothing answers like this provider. Check the base URL; it usually ends in /v1.',
      no_such_model: 'The key is right, but the model it was tried with is not served to it.',
      unreachable: 'The provider could not be reached, or is overloaded. Try again in a minute.',
      refused: 'The provider refused the test for another reason than the key.',
    },
    causes: {
      private_address:
        'This address is not on the public internet, and only the owner of this installation may allow such addresses.',
      plain_address: 'This address begins with http, so the key could be read on the way. Use https.',
      no_such_host: 'There is no server of this name. Check the base URL.',
      offline: 'The provider was not found. Is this server connected to the internet?',
      not_listening: 'Nothing listens at this address. Is the server started?',
    },
  },
  {
    outcomes: {
      works: 'Der Anbieter nimmt diesen Schlüssel an.',
      wrong_key:
        'Der Anbieter nimmt diesen Schlüssel nicht an. Prüfe, ob er ganz kopiert ist und nicht widerrufen wurde.',
      limited: 'Der Schlüssel stimmt, aber sein Limit ist vorerst aufgebraucht.',
      wrong_url:
        'Unter dieser Adresse antwortet nichts wie dieser Anbieter. Prüfe die Basis-URL; sie endet meist auf /v1.',
      no_such_model: 'Der Schlüssel stimmt, aber das Modell, mit dem er geprüft wurde, wird ihm nicht bedient.',
      unreachable: 'Der Anbieter ist nicht erreichbar oder überlastet. Versuch es in einer Minute noch einmal.',
      refused: 'Der Anbieter hat die Prüfung abgelehnt, aber nicht wegen des Schlüssels.',
    },
    causes: {
      private_address:
        'Diese Adresse liegt nicht im öffentlichen Internet, und nur der Besitzer dieser Installation kann solche erlauben.',
      plain_address: 'Diese Adresse beginnt mit http, der Schlüssel ließe sich also unterwegs lesen. Nimm https.',
      no_such_host: 'Es gibt keinen Server dieses Namens. Prüfe die Basis-URL.',
      offline: 'Der Anbieter wurde nicht gefunden. Ist dieser Server mit dem Internet verbunden?',
      not_listening: 'Unter dieser Adresse hört niemand zu. Ist der Server gestartet?',
    },
  },
);

/** What it found, in these words; those of the server where they say more. */
export function toTestText({ outcomes, causes }: TestWords, { outcome, cause, message }: TestFound): string {
  if (cause === undefined) return outcomes[outcome];
  return (causes as Readonly<Record<string, string>>)[cause] ?? message;
}
