// The doors to those who watch: alerts, the log, metrics and traces.
import type { AlertKind, AlertView } from '#shared/api/alerts.ts';

/** Something that people who look after the installation should know soon. */
export interface Alert {
  readonly kind: AlertKind;
  /** Whom or what it is about. */
  readonly subject: string;
  /** What has happened, in sentences; no content, no secret. */
  readonly text: string;
}

/** Tells of alerts: in the log at once, and wherever the installation wants them. */
export interface Alerts {
  /** Shares of what is bounded at which is told, the largest first; absent or null: half, 80 % and all. */
  shares?(): readonly number[] | null;
  /** Never throws; what can't be delivered is tried again. */
  raise(alert: Alert): void;
  /** Delivers what is due. Never rejects. */
  flush(): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly AlertView[]>;
}

/** Structured log. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
/** Every field a log line may have, by OpenTelemetry's name where it has one. Prompts, answers, bodies and keys have no name here. */
export const logFields = [
  'request_id', 'gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.response.model', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens',
  'route', 'credential', 'tier', 'attempts', 'rescues', 'wait_ms', 'duration_ms',
  'cost_usd', 'finish', 'outcome', 'status', 'what', 'error', 'stack', 'fields', 'url', 'store', 'version', 'candidates',
] as const; // prettier-ignore
export type LogFields = Readonly<
  Partial<Record<(typeof logFields)[number], string | number | boolean | null | undefined>>
>;

/** Where OpenTelemetry has another name than ours. A shadow is a chat that nobody reads. */
const conventional: Readonly<Record<string, string>> = { embedding: 'embeddings', shadow: 'chat' };

/**
 * An operation of ours as `gen_ai.operation.name` says it. Chats are `chat` in whatever format they are held; `image`, `speech`, `transcription`,
 * `translation` and `moderation` have no name there, and keep ours.
 */
export const toOperationName = (operation: string): string => conventional[operation] ?? operation;

/** Counters and histograms in one registry, rendered as Prometheus text. */
export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** Forgets what gauges said, before they are set anew: of what is gone nobody would take them back. */
  forgetGauges(): void;
  /** `help` says in words what each counts, by name. */
  render(help?: Readonly<Record<string, string>>): string;
}

/** A piece of work with a beginning and an end, as traces tell it. `error` names what went wrong, never with content. */
export interface TracedWork {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Named after OpenTelemetry's `gen_ai.*` where it has a name; null and undefined are left out. */
  readonly attributes: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly error: string | null;
}
export interface TracedRequest extends TracedWork {
  /** Calls to providers made for it, oldest first. */
  readonly attempts: readonly TracedWork[];
}

/** The trace of one request under way. */
export interface RequestTrace {
  /** What providers are told, so that their part of the trace joins ours. */
  readonly traceparent: string;
  end(request: TracedRequest): void;
}

/** Traces, when they are asked for. */
export interface Traces {
  /** `traceparent` as the caller sent it. */
  begin(traceparent: string | undefined): RequestTrace;
  /** Sends what is waiting. Never rejects. */
  flush(): Promise<void>;
}
