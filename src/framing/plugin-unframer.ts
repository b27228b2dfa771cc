import { BridgeError } from '../errors.ts';
import { OPCODE } from '../websocket/opcode.ts';
import type { Unframer } from './framing.ts';
import { bytesOf, disposed, failure, guarded, type LoadedFraming } from './plugin-framer.ts';
import { WholeMessageUnframer } from './whole-message.ts';

/** Has a plugin turn whole messages of the client into bytes. What it does wrong is FRAMING_FAILED. */
export function pluginUnframer(plugin: LoadedFraming, limit: number): Unframer {
  const { label, made } = plugin;
  if (!made.createUnframer) throw new BridgeError('FRAMING_INVALID', { detail: `${label} (it has no createUnframer)` });
  const turn = guarded(label, 'createUnframer', () => made.createUnframer!({ limit }));
  if (typeof turn?.push !== 'function') throw failure(label, 'createUnframer gave nothing with a method push');
  const whole = new WholeMessageUnframer(limit, (message, opcode) =>
    guarded(label, 'push', () => {
      // The plugin may keep what it gets, and the memory of the message may be used again.
      const bytes = turn.push({ type: opcode === OPCODE.text ? 'text' : 'binary', data: Buffer.from(message) });
      return bytes === null ? Buffer.alloc(0) : bytesOf(bytes);
    }),
  );
  let open = true;
  return {
    get held() {
      return whole.held;
    },
    push: (slice, opcode, last) => whole.push(slice, opcode, last),
    dispose() {
      whole.dispose();
      if (open) disposed(plugin, turn);
      open = false;
    },
  };
}
