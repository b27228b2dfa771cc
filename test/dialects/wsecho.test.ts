import { wsecho } from '../../src/cli/test-server.ts';
import { ancestorGoldenTests } from './golden.ts';

ancestorGoldenTests(wsecho, 14);
