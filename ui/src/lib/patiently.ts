// Parts of the app that are loaded later: while the network is gone they are waited for, so that no page breaks for want of one.
import { lazy, type ComponentType } from 'react';

const LOOK_MS = 2_000;

const whenOnline = async (): Promise<void> => {
  if (!navigator.onLine) await new Promise((back) => window.addEventListener('online', back, { once: true }));
};

const isReached = (): Promise<boolean> =>
  fetch('/health', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );

/**
 * Loads a part once there is a network. What failed is never asked for again by the same document: it rejects when the
 * server is there again, for whoever wants the page is helped by loading it anew, and only then.
 */
export async function loadPatiently<T>(load: () => Promise<T>): Promise<T> {
  await whenOnline();
  try {
    return await load();
  } catch (error) {
    while (!(await isReached())) await new Promise((go) => setTimeout(go, LOOK_MS));
    throw error;
  }
}

/** A component that is loaded when it is first drawn. Where it can't be had, what stands in for it stays. */
export const lazily = <P>(load: () => Promise<ComponentType<P>>) =>
  lazy(async () => ({ default: await loadPatiently(load).catch(() => new Promise<never>(() => undefined)) }));
