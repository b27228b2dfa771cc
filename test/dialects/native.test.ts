import { native } from '../../src/cli/native.ts';
import { nativeGoldenTests } from './golden.ts';

nativeGoldenTests(native, 60);
