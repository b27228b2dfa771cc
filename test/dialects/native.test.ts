import { native } from '../../src/cli/native.ts';
import { goldenTests } from './golden.ts';

goldenTests(native, 60);
