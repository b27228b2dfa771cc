import { expect, it } from 'vitest';
import * as plugin from '../../../src/plugin/index.ts';
import * as testing from '../../../src/testing/index.ts';

it('plugin authors get the version of the API, and types', () => {
  expect({ ...plugin }).toEqual({ API_VERSION: 1 });
});

it('plugin authors get the suites, and a handshake to give to them', () => {
  expect(Object.keys(testing).toSorted()).toEqual([
    'describeAuthenticator',
    'describeFramer',
    'describeResolver',
    'describeTokenSource',
    'makeHandshake',
  ]);
});
