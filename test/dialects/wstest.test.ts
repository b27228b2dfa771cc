import { wstest } from '../../src/cli/test-server.ts';
import { ancestorGoldenTests } from './golden.ts';

ancestorGoldenTests(wstest, 16);
