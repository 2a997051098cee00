// Who could answer a question of a chat and what speaks against each, as it stands now: for those who were refused, or who paid. Loaded when it is asked for.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import * as z from 'zod/mini';
import { CandidateList } from '../../components/candidates.tsx';
import { Notice } from '../../components/notice.tsx';
import { useApi } from '../../lib/api.ts';
import { candidateSchema } from '../../lib/candidates.ts';
import { useMessages } from '../../lib/messages.ts';
import { useChatView } from './chat-context.ts';
import { chatMessages } from './messages.ts';
import { toSameBody } from './request.ts';
import type { Message } from './types.ts';

const decisionSchema = z.object({ candidates: z.array(candidateSchema) });

/** Asked about the question that this message answers, with what the chat permits. */
export function Considered({ message }: { readonly message: Message }): ReactNode {
  const t = useMessages(chatMessages);
  const api = useApi();
  const view = useChatView(message.chatId);
  const body = view === null ? null : toSameBody(view, message);
  const { data, error } = useQuery({
    queryKey: ['considered', message.id],
    queryFn: ({ signal }) => api.call({ path: '/v1/explain', body, schema: decisionSchema, signal }),
    // What it was about may be gone.
    enabled: body !== null,
    retry: false,
    gcTime: 0,
  });
  if (error !== null)
    return (
      <Notice tone="danger" title={t.notConsidered}>
        {error.message}
      </Notice>
    );
  if (body === null)
    return (
      <Notice tone="info" title={t.notConsidered}>
        {t.gone}
      </Notice>
    );
  if (data === undefined)
    return (
      <p role="status" className="text-sm text-muted">
        {t.considering}
      </p>
    );
  return (
    <>
      <p className="mb-4 text-sm text-muted">{t.asOfNow}</p>
      <CandidateList candidates={data.candidates} />
    </>
  );
}
