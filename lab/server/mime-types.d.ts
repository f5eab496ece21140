/** The part of `mime-types` that this package uses; `@types/mime-types` at the root would be loaded by every kernel start. */
declare module "mime-types" {
  export function lookup(extension: string): string | false;
}
