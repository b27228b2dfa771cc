/** The command and first arguments that run buildah on our store. */
export const BUILDAH: readonly [string, ...string[]];
