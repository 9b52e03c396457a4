import type { z } from "zod";

/**
 * A schema that gives `Out` and takes `In`, with the two methods of zod that schemas are mostly built
 * with. For others call zod's functions: `z.nullable(schema)`, `z.safeParse(schema, value)`.
 *
 * Annotate schemas with it, and not with `z.ZodType`: to find out whether a schema is one, the type
 * checker compares fifty methods, and many of them return a type with fifty methods again. What takes
 * any schema, and only hands it to zod's functions, takes a `z.core.$ZodType`.
 */
export interface Schema<Out = unknown, In = unknown> extends z.core.$ZodType<Out, In> {
  /** A copy with a description, for JSON Schemas and for schemas of files. */
  describe(description: string): Schema<Out, In>;
  /** A schema that accepts undefined too. */
  optional(): z.core.$ZodOptional<Schema<Out, In>>;
}
