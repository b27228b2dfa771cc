import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation at its first size. It would grow to 48 MB in a burst of connections and stay there,
 * which is more than thousands of idle sessions need, while a bridge's garbage is too short-lived to profit from it.
 * The flag is read each time V8 thinks of growing, so it can still be set in a running process.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
