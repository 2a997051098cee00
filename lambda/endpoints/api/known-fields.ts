// What an object may hold, for those who wrote something else into it.
import type * as z from 'zod/mini';

/** What is looked at of a schema: whatever kind it is, most of this is absent. */
interface Shape {
  readonly def: {
    readonly type: string;
    readonly shape?: Readonly<Record<string, Schema>>;
    readonly element?: Schema;
    readonly valueType?: Schema;
    readonly innerType?: Schema;
    readonly getter?: () => Schema;
    readonly in?: Schema;
  };
}
interface Schema {
  readonly _zod: Shape;
}

/** The schema inside those that only wrap one. */
function unwrap({ _zod: { def } }: Schema): Shape['def'] {
  const inner = def.innerType ?? def.getter?.() ?? def.in;
  return inner === undefined ? def : unwrap(inner);
}

/** The fields of the object at this place in what a schema takes; empty where there may be others, or it can't be known. */
export function listFields(schema: z.ZodMiniType, path: readonly PropertyKey[]): readonly string[] {
  let def: Shape['def'] | undefined = unwrap(schema as unknown as Schema);
  for (const name of path) {
    const next: Schema | undefined = def.shape?.[String(name)] ?? def.element ?? def.valueType;
    if (next === undefined) return [];
    def = unwrap(next);
  }
  return Object.keys(def.shape ?? {});
}
