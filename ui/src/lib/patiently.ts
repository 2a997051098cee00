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

async function load<T>(part: () => Promise<T>): Promise<T> {
  await whenOnline();
  try {
    return await part();
  } catch (error) {
    while (!(await isReached())) await new Promise((go) => setTimeout(go, LOOK_MS));
    throw error;
  }
}

/**
 * What loads a part once there is a network, and has it from then on. What failed is never asked for again by the same
 * document: it rejects when the server is there again, for whoever wants the page is helped by loading it anew, and only then.
 */
export function patiently<T>(part: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => (loaded ??= load(part));
}

/** A component that is loaded when it is first drawn, by what is patient. Where it can't be had, what stands in for it stays. */
export const lazily = <P>(part: () => Promise<ComponentType<P>>) =>
  lazy(async () => ({ default: await part().catch(() => new Promise<never>(() => undefined)) }));
