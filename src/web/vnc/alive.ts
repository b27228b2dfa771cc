/**
 * A FramebufferUpdateRequest for one pixel, not incremental: the server has to answer it (RFC 6143 §7.5.3).
 *
 * A screen on which nothing happens sends nothing, so this tells a quiet connection from a dead one.
 */
export const PIXEL_REQUEST: Uint8Array<ArrayBuffer> = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);
