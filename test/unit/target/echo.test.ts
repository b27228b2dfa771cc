import { createTarget } from '../../../src/target/create-target.ts';
import { alone, describeTarget } from '../../conformance/target-suite.ts';

describeTarget('an echo target', {
  kind: 'stream',
  talks: false,
  open: async () => alone(createTarget({ kind: 'echo' })),
});
