// The words for how candidates are ordered.
import { defineMessages } from './messages.ts';

export const policyMessages = defineMessages(
  {
    strategies: {
      'free-first': 'Free first',
      cost: 'Cheapest first',
      latency: 'Fastest first',
      availability: 'Most reliable first',
      'round-robin': 'In turn',
      weighted: 'By weight',
      'least-connections': 'Least busy first',
      priority: 'By priority',
      custom: 'As a plugin says',
    },
  },
  {
    strategies: {
      'free-first': 'Kostenloses zuerst',
      cost: 'Das Billigste zuerst',
      latency: 'Das Schnellste zuerst',
      availability: 'Das Zuverlässigste zuerst',
      'round-robin': 'Reihum',
      weighted: 'Nach Gewicht',
      'least-connections': 'Das am wenigsten Beschäftigte zuerst',
      priority: 'Nach Vorrang',
      custom: 'Wie ein Plugin sagt',
    },
  },
);
