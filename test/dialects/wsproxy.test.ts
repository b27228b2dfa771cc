import { wsproxy } from '../../src/cli/wsproxy.ts';
import { ancestorGoldenTests } from './golden.ts';

ancestorGoldenTests(wsproxy, 15);
