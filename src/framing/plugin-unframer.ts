import { BridgeError, messageOf } from '../errors.ts';
import { OPCODE } from '../websocket/opcode.ts';
import type { Unframer } from './framing.ts';
import { answerOf, bytesOf, disposed, guarded, type LoadedFraming, madeBy } from './plugin-calls.ts';
import { WholeMessageUnframer } from './whole-message.ts';

/** Has a plugin turn whole messages of the client into bytes. What it does wrong is FRAMING_FAILED. */
export function pluginUnframer(plugin: LoadedFraming, limit: number): Unframer {
  const { label, made } = plugin;
  if (!made.createUnframer) throw new BridgeError('FRAMING_INVALID', { detail: `${label} (it has no createUnframer)` });
  const turn = madeBy(label, 'createUnframer', () => made.createUnframer!({ limit }));
  const whole = new WholeMessageUnframer(limit, (message, opcode) =>
    guarded(label, 'push', () => {
      // The plugin may keep what it gets, and the memory of the message may be used again.
      const own = Buffer.from(message);
      const type = opcode === OPCODE.text ? 'text' : 'binary';
      const bytes = answerOf(unlessBlamed(label, () => turn.push({ type, data: own })));
      return bytes === null ? Buffer.alloc(0) : bytesOf(bytes, own);
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

/** Runs a step of a plugin that may blame the client for its message: by an error with the code 'CLIENT'. */
function unlessBlamed<Result>(label: string, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'CLIENT') throw error;
    throw new BridgeError('FRAMING_MESSAGE', { detail: `${label} (${messageOf(error)})`, cause: error });
  }
}
