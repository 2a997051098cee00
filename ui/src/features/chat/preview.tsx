// Where the message being written would go, asked of the same decision that will be made when it is sent.
import { useQuery } from '@tanstack/react-query';
import { Route } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import * as z from 'zod/mini';
import { TierBadge } from '../../components/tier-badge.tsx';
import { useApi } from '../../lib/api.ts';
import { formatCount, formatCountdown, formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import { toModelName } from './model-picker.tsx';
import { toPreviewBody, type Wish } from './request.ts';
import type { Draft, Message } from './types.ts';

const PAUSE_MS = 400;

const decisionSchema = z.object({
  estimate: z.object({ input_tokens: z.number() }),
  plan: z.array(z.object({ route: z.string(), credential: z.string(), tier: z.enum(['free', 'paid', 'local']) })),
  soonest: z.nullable(z.object({ wait_ms: z.number() })),
  free_until: z.optional(z.nullable(z.string())),
});
type Decision = z.infer<typeof decisionSchema>;

function usePaused<T>(value: T): T {
  const [paused, setPaused] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return paused;
}

function useDecision(path: readonly Message[], draft: Draft, wish: Wish): Decision | undefined {
  const api = useApi();
  const { text, attachments } = usePaused(draft);
  const { model, policy, maxCostUsd, instructions } = wish;
  const files = attachments.map(({ id }) => id).join(' ');
  return useQuery({
    queryKey: ['preview', path.at(-1)?.id ?? '', text, files, model, policy, maxCostUsd, instructions],
    queryFn: ({ signal }) =>
      api.call({
        path: '/v1/explain',
        body: toPreviewBody(path, { text, attachments }, wish),
        schema: decisionSchema,
        signal,
      }),
    enabled: text.trim() !== '' || attachments.length > 0,
    retry: false,
    gcTime: 0,
    placeholderData: (before) => before,
  }).data;
}

function toTrouble(decision: Decision, hasImage: boolean, t: (typeof chatMessages)['en']): string {
  if (decision.soonest !== null) return t.wouldWait(formatCountdown(decision.soonest.wait_ms));
  return hasImage ? t.needsVision : t.nobody;
}

interface PreviewProps {
  readonly path: readonly Message[];
  readonly draft: Draft;
  readonly wish: Wish;
}

/** One quiet line below the message field. */
export function RoutePreview({ path, draft, wish }: PreviewProps): ReactNode {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  const decision = useDecision(path, draft, wish);
  const empty = draft.text.trim() === '' && draft.attachments.length === 0;
  if (empty || !decision) return null;
  const first = decision.plan[0];
  const hasImage = draft.attachments.some(({ kind }) => kind === 'image');
  const until = decision.free_until;
  return (
    <p className="flex min-w-0 flex-wrap items-center justify-center gap-x-2 gap-y-0.5">
      {first === undefined ? (
        <span className="text-paid">{toTrouble(decision, hasImage, t)}</span>
      ) : (
        <>
          <Route size={13} aria-hidden />
          <span className="min-w-0 truncate">
            {t.wouldUse} <span className="text-ink">{toModelName(first.route)}</span>
          </span>
          <TierBadge tier={first.tier} />
        </>
      )}
      <span className="tabular-nums">{t.about(formatCount(decision.estimate.input_tokens, language))}</span>
      {until !== undefined && until !== null && <span>{t.freeUntil(formatMoment(Date.parse(until), language))}</span>}
    </p>
  );
}
