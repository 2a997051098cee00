// An HTTP request as a Function URL hands it to a function: payload format 2.0.
import type { IncomingMessage } from 'node:http';

/** The largest event an invocation takes, bytes of JSON. */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024;

const textual = /^(text\/|application\/(json|javascript|xml)\b|[^;]*\+(json|xml)\b)/i;

/** Bodies of other types than text arrive in base64. */
export function toUrlEvent(request: IncomingMessage, body: Buffer, requestId: string): string {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  const rawQueryString = mark < 0 ? '' : url.slice(mark + 1);
  const { cookie, ...rest } = request.headers;
  const headers: Record<string, string> = {};
  for (const name in rest) {
    const value = rest[name];
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(',');
  }
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  headers['x-forwarded-proto'] = 'https';
  const isText = textual.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
  const now = new Date();
  const parameters = [...new URLSearchParams(rawQueryString)];
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers,
    ...(parameters.length === 0 ? {} : { queryStringParameters: Object.fromEntries(parameters) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'emulator',
      domainName: headers['host'] ?? '',
      http: {
        method: request.method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
  return JSON.stringify(event);
}
