import { websocksy } from '../../src/cli/websocksy.ts';
import { ancestorGoldenTests } from './golden.ts';

ancestorGoldenTests(websocksy, 40);
