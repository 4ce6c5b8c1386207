import { inspect } from 'node:util';

/** `T` with every field read-only, its type-level symbols excepted, by which the ORM knows what it is. */
type Guarded<T> = { readonly [K in keyof T as K extends symbol ? never : K]: T[K] } & {
  [K in keyof T as K extends symbol ? K : never]: T[K];
};

/**
 * The class that the ORM made of a schema, to be extended: its fields can be read by all and written by nobody but the
 * methods of the class. Printed, an entity shows its name and id, never what it holds.
 */
export function guarded<T extends { id: string }>(schema: {
  name: string;
  class: abstract new () => T;
}): new () => Guarded<T> {
  const shown = function (this: T) {
    return `${schema.name} ${this.id}`;
  };
  Object.assign(schema.class.prototype as object, { toJSON: shown, [inspect.custom]: shown });
  return schema.class as unknown as new () => Guarded<T>;
}
