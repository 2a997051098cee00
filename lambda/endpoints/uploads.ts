// PUT /api/uploads/{part}: takes in one part of a recording, from whoever holds its signed address, as a bucket would.
import { CallerError } from '#shared/failures.ts';
import type { Recordings } from '../ports-transcription.ts';
import { replyError, type Endpoint, type EndpointDeps } from './endpoint.ts';

/** The endpoint over the recordings' intake. */
export function createUploadEndpoint(deps: EndpointDeps & { readonly recordings: Recordings | null }): Endpoint {
  return async (visit) => {
    const { exchange, params, requestId } = visit;
    const part = params['part'] ?? '';
    const intake = deps.recordings?.intake ?? null;
    try {
      const bytes = intake?.expects(part, exchange.query) ?? null;
      if (intake === null || bytes === null)
        throw new CallerError(
          'forbidden',
          'This address takes no upload: it is wrong or too old. GET /api/transcriptions/{id} tells new ones.',
        );
      const body = await exchange.body(bytes);
      if (body.length !== bytes)
        throw new CallerError('invalid_request', `This part must be ${bytes} bytes long, but ${body.length} came.`);
      await intake.write(part, body);
      exchange.reply(200, { 'x-freeway-request-id': requestId }).end();
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now() });
    }
  };
}
