import { websockify } from '../../src/cli/websockify.ts';
import { ancestorGoldenTests } from './golden.ts';

ancestorGoldenTests(websockify, 90);
