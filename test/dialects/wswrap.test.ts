import { wswrap } from '../../src/cli/wswrap.ts';
import { ancestorGoldenTests } from './golden.ts';

ancestorGoldenTests(wswrap, 8);
