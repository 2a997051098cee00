// What is loaded when it is first asked: a start does not wait for what many never use.
import { loadOnce } from '#shared/load-once.ts';

/** All whose methods answer later anyway. */
type Answering<Service> = { readonly [Name in keyof Service]: (...given: never[]) => Promise<unknown> };

type Methods = Readonly<Record<string, (...given: readonly unknown[]) => Promise<unknown>>>;

/** A service that is loaded once, by the first call of one of its `methods`, all of which are named. What could not be loaded is tried again. */
export function toLater<Service extends Answering<Service>>(
  load: () => Promise<Service>,
  methods: Readonly<Record<keyof Service, true>>,
): Service {
  const open = loadOnce(load);
  const asked = Object.keys(methods).map((name) => [
    name,
    async (...given: readonly unknown[]) => ((await open()) as unknown as Methods)[name]?.(...given),
  ]);
  return Object.fromEntries(asked) as Service;
}
