// Loaded into the runtime client before it starts: gives it the JavaScript client in place of its native addon, which is not built here.
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('rapid-client.node')
      ? { url: new URL('./rapid-client.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
