// Keeps alerts for those who look after the installation, and delivers them where they want them, again and again until they arrive.
import { randomBytes } from 'node:crypto';
import { alertChannels, alertSchema, type AlertChannel, type AlertView, type Delivery } from '#shared/api/alerts.ts';
import { parseWritten } from '#shared/careful.ts';
import type { Clock, Store } from '../ports.ts';
import type { Alert, Alerts, Log, Metrics } from '../ports-telemetry.ts';

/** Delivers one alert. Resolves with what is wrong, or null. */
type Send = (alert: AlertView) => Promise<string | null>;

export interface AlertsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where alerts go now, each with what delivers one. */
  readonly channels: () => Promise<ReadonlyMap<AlertChannel, Send>>;
  readonly shares: NonNullable<Alerts['shares']>;
  /** Nothing goes on by itself between requests: only `flush` tries again. */
  readonly freezes: boolean;
}

const PARTITION = 'alerts';
const DAY_MS = 24 * 3_600_000;
const KEPT_MS = 90 * DAY_MS;
/** Pauses before the second try and those after it. */
const RETRY_MS = [2_000, 15_000, 120_000, 900_000, 3_600_000] as const;
/** Whoever had to deliver one that is this late is gone: somebody else does. */
const ORPHANED_MS = 5 * 60_000;

const keyOf = ({ at, id }: AlertView): { pk: string; sk: string } => ({ pk: PARTITION, sk: `${at}#${id}` });
const channelOf = ({ channel }: Delivery): AlertChannel | null =>
  alertChannels.find((known) => known === channel) ?? null;
/** Whether it is for us to deliver: by a channel of a later version only that version can. */
const waits = (delivery: Delivery): boolean => delivery.state === 'pending' && channelOf(delivery) !== null;
const isDue = (delivery: Delivery, nowMs: number): boolean =>
  waits(delivery) && (delivery.next_at === null || Date.parse(delivery.next_at) <= nowMs);
const isPending = ({ deliveries }: AlertView): boolean => deliveries.some(waits);

/** How a delivery stands after a try. */
function afterTry(delivery: Delivery, problem: string | null, nowMs: number): Delivery {
  const attempts = delivery.attempts + 1;
  if (problem === null) return { ...delivery, state: 'delivered', attempts, next_at: null, problem: null };
  const pauseMs = RETRY_MS[attempts - 1];
  if (pauseMs === undefined) return { ...delivery, state: 'failed', attempts, next_at: null, problem };
  return { ...delivery, state: 'pending', attempts, next_at: new Date(nowMs + pauseMs).toISOString(), problem };
}

/** What is done with alerts beside telling them. */
export interface AlertDesk extends Pick<Alerts, 'flush' | 'list'> {
  /** Keeps one that was raised then, and delivers it. */
  take(alert: Alert, at: string): void;
}

/** A desk over its services. */
class Desk implements AlertDesk {
  readonly #options: AlertsOptions;
  readonly #pending = new Map<string, AlertView>();
  #working: Promise<void> = Promise.resolve();
  #stopTimer: (() => void) | null = null;
  #tookOver = false;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  take(alert: Alert, at: string): void {
    const view: AlertView = { id: `alert_${randomBytes(9).toString('base64url')}`, at, ...alert, deliveries: [] };
    this.#after(async () => {
      const channels = await this.#options.channels();
      const deliveries = [...channels.keys()].map((channel): Delivery => ({
        channel,
        state: 'pending',
        attempts: 0,
        next_at: null,
        problem: null,
      }));
      await this.#keep({ ...view, deliveries });
      await this.#takeOver();
      await this.#deliverDue();
    });
  }

  flush(): Promise<void> {
    this.#after(async () => {
      if (this.#pending.size > 0) await this.#deliverDue();
      // What is still pending is taken over by whoever raises an alert next.
      this.#stopTimer?.();
    });
    return this.#working;
  }

  async list(limit: number): Promise<readonly AlertView[]> {
    const { items } = await this.#options.store.query(PARTITION, { limit, descending: true });
    return items.flatMap(({ item }) => {
      const known = alertSchema.safeParse(parseWritten(item['json']));
      return known.success ? [known.data] : [];
    });
  }

  /** Work of which one piece runs at a time. What it can't do is told in the log. */
  #after(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => {
      this.#options.log.error('alerts.failed', { error: error instanceof Error ? error.name : typeof error });
    });
  }

  async #keep(alert: AlertView): Promise<void> {
    if (isPending(alert)) this.#pending.set(alert.id, alert);
    else this.#pending.delete(alert.id);
    await this.#options.store.put(keyOf(alert), { json: JSON.stringify(alert) }, Date.parse(alert.at) + KEPT_MS);
  }

  /** Once in the life of an instance: what instances that are gone have not delivered. */
  async #takeOver(): Promise<void> {
    if (this.#tookOver) return;
    this.#tookOver = true;
    const nowMs = this.#options.clock.now();
    for (const alert of await this.list(50)) {
      const isLate = (delivery: Delivery): boolean =>
        waits(delivery) && Date.parse(delivery.next_at ?? alert.at) < nowMs - ORPHANED_MS;
      if (alert.deliveries.some(isLate) && Date.parse(alert.at) > nowMs - DAY_MS) this.#pending.set(alert.id, alert);
    }
  }

  async #deliverDue(): Promise<void> {
    const channels = await this.#options.channels();
    for (const alert of this.#pending.values()) {
      const deliveries: Delivery[] = [];
      for (const delivery of alert.deliveries) deliveries.push(await this.#deliver(alert, delivery, channels));
      await this.#keep({ ...alert, deliveries });
    }
    this.#wakeUp();
  }

  /** How the delivery stands after a try, if it is time for one. */
  async #deliver(alert: AlertView, delivery: Delivery, channels: ReadonlyMap<AlertChannel, Send>): Promise<Delivery> {
    const { clock, log } = this.#options;
    const channel = channelOf(delivery);
    if (channel === null || !isDue(delivery, clock.now())) return delivery;
    const send = channels.get(channel);
    const problem = send === undefined ? 'It is not set up any more.' : await send(alert);
    const tried = afterTry(delivery, problem, clock.now());
    if (tried.state === 'failed') log.error('alert.undelivered', { what: `${delivery.channel}: ${problem}` });
    return tried;
  }

  /** Sees to it that what is pending is tried again in time. */
  #wakeUp(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    const { clock, freezes } = this.#options;
    const times = [...this.#pending.values()].flatMap(({ deliveries }) =>
      deliveries.filter(waits).map((one) => Date.parse(one.next_at ?? '')),
    );
    if (freezes || times.length === 0) return;
    this.#stopTimer = clock.after(Math.max(0, Math.min(...times) - clock.now()), () =>
      this.#after(() => this.#deliverDue()),
    );
  }
}

/** A desk over a store. */
export const createAlertDesk = (options: AlertsOptions): AlertDesk => new Desk(options);
