// Traces requests with OpenTelemetry and sends them over OTLP, for those who ask for it; spans are made when a request is over.
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type IdGenerator, type SpanExporter } from '@opentelemetry/sdk-trace';
import { randomBytes } from 'node:crypto';
import type { RequestTrace, TracedRequest, Traces } from '../ports-telemetry.ts';

export interface TracesOptions {
  /** Base URL of the collector: traces go to its `/v1/traces`. */
  readonly endpoint: string;
  /** Further headers for the collector, such as its key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string;
  /** What spans say of whom they come from, such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Spans were not taken, and why. Told once until some are again. */
  readonly onFault: (error: string) => void;
  /** How long sending may take, tries included, ms. Default 3 s: where instances freeze, each request is billed for it. */
  readonly sendMs?: number;
}

const MAX_QUEUED = 2_048;
/** So long nobody waits for a collector that has not taken spans; up to MAX_QUEUED wait for it. */
const REST_MS = 30_000;
/** https://www.w3.org/TR/trace-context/#traceparent-header: versions after 00 begin as it does and may say more; ff is none. */
const TRACEPARENT = /^(?!ff|00.{54})[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

interface Parent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** The caller's trace, when it sends one in the form of the W3C. */
function parseTraceparent(text: string | undefined): Parent | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text?.trim() ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '0', 16) & TraceFlags.SAMPLED) !== 0 };
}

const newId = (bytes: number): string => randomBytes(bytes).toString('hex');

/** The ids are given out when a request begins, before its spans exist: the span made next takes them. */
interface ChosenIds extends IdGenerator {
  next: { traceId: string; spanId: string } | null;
}

function createIds(): ChosenIds {
  const ids: ChosenIds = {
    next: null,
    generateTraceId: () => ids.next?.traceId ?? newId(16),
    generateSpanId: () => ids.next?.spanId ?? newId(8),
  };
  return ids;
}

const given = (attributes: TracedRequest['attributes']): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined),
  ) as Attributes;

interface Sender {
  readonly exporter: SpanExporter;
  /** Whether the last spans were not taken, and that not long ago. */
  readonly rests: () => boolean;
}

/** Sends to the collector, and remembers how that went. */
function createSender({ endpoint, headers, sendMs = 3_000, now, onFault }: TracesOptions): Sender {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const inner = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: sendMs });
  let failedAtMs: number | null = null;
  return {
    rests: () => failedAtMs !== null && now() - failedAtMs < REST_MS,
    exporter: {
      export: (spans, done) =>
        inner.export(spans, (result) => {
          if (result.error !== undefined && failedAtMs === null) onFault(result.error.message);
          failedAtMs = result.error === undefined ? null : now();
          done(result);
        }),
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    },
  };
}

/** Opens the way to a collector. Nothing of prompts or answers has a place in a span. */
export function createTraces(options: TracesOptions): Traces {
  const { version, resource } = options;
  const ids = createIds();
  const { exporter, rests } = createSender(options);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.version': version, ...resource }),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: MAX_QUEUED })],
  });
  const tracer = provider.getTracer('freeway', version);

  const begin = (traceparent: string | undefined): RequestTrace => {
    const parent = parseTraceparent(traceparent);
    const traceId = parent?.traceId ?? newId(16);
    const spanId = newId(8);
    const context: Context =
      parent === null
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, {
            traceId,
            spanId: parent.spanId,
            traceFlags: parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
            isRemote: true,
          });
    return {
      traceparent: `00-${traceId}-${spanId}-${parent === null || parent.sampled ? '01' : '00'}`,
      end: (request) => {
        ids.next = { traceId, spanId };
        const { name, startedAtMs, endedAtMs, attributes, error, attempts } = request;
        const span = tracer.startSpan(
          name,
          { kind: SpanKind.SERVER, startTime: startedAtMs, attributes: given(attributes) },
          context,
        );
        ids.next = null;
        const inside = trace.setSpan(context, span);
        for (const attempt of attempts) {
          const call = tracer.startSpan(
            attempt.name,
            { kind: SpanKind.CLIENT, startTime: attempt.startedAtMs, attributes: given(attempt.attributes) },
            inside,
          );
          if (attempt.error !== null) call.setStatus({ code: SpanStatusCode.ERROR, message: attempt.error });
          call.end(attempt.endedAtMs);
        }
        if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
        span.end(endedAtMs);
      },
    };
  };
  return { begin, flush: async () => (rests() ? undefined : provider.forceFlush().catch(() => undefined)) };
}
