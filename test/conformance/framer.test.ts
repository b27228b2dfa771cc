import { resolve } from 'node:path';
import { test } from 'vitest';
import { createFraming } from '../../src/framing/create-framing.ts';
import { Plugin } from '../../src/plugin/plugin.ts';
import type { PluginFramer, PluginMessage } from '../../src/plugin/api.ts';
import { describeFramer } from '../../src/testing/framer-suite.ts';
import { OPCODE } from '../../src/websocket/opcode.ts';
import type { Message } from '../../src/websocket/message.ts';

const text = (data: string): PluginMessage => ({ type: 'text', data });
const binary = (data: string | Uint8Array): PluginMessage => ({ type: 'binary', data: Buffer.from(data as string) });

const told = (messages: readonly Message[]): PluginMessage[] =>
  messages.map(({ opcode, data }) => ({ type: opcode === OPCODE.text ? 'text' : 'binary', data }));

/** A framer of the bridge, seen as one of a plugin. */
function builtIn(name: string, config: string | null = null, limit: number = 0): () => PluginFramer {
  return () => {
    const framing = createFraming({ framer: { name, config }, unframer: null }, { limit, target: 'stream' }, () => {
      throw new Error('there are no plugins here');
    });
    const { framer } = framing!;
    return {
      push(chunk) {
        const messages = told(framer.push(chunk));
        if (framer.error) throw framer.error;
        return messages;
      },
      end: () => told(framer.end()),
      dispose: () => framer.dispose(),
    };
  };
}

const MEGABYTE = 1024 * 1024;
const long = 'x'.repeat(MEGABYTE);

describeFramer('newline', {
  test,
  create: builtIn('newline'),
  streams: [
    { stream: '', messages: [] },
    { stream: '\n', messages: [text('\n')] },
    { stream: 'one\ntwo\r\n\nthree', messages: [text('one\n'), text('two\r\n'), text('\n'), text('three')] },
    { stream: 'κόσμε ☃\n', messages: [text('κόσμε ☃\n')] },
    { stream: Buffer.from('\xff\na\n', 'latin1'), messages: [binary(Buffer.from('\xff\n', 'latin1')), text('a\n')] },
  ],
  long: { stream: `${long}\n`, messages: [text(`${long}\n`)] },
});

describeFramer('newline lfcr', {
  test,
  create: builtIn('newline', 'lfcr'),
  streams: [{ stream: 'one\r\n\n\rtwo\n\r', messages: [text('one\r\n\n\r'), text('two\n\r')] }],
});

describeFramer('separator', {
  test,
  create: builtIn('separator', String.raw`\r\n--\x00`),
  streams: [
    {
      stream: 'a\r\n--\0b\r\n-\r\n--\0\r\n--',
      messages: [binary('a\r\n--\0'), binary('b\r\n-\r\n--\0'), binary('\r\n--')],
    },
  ],
  long: { stream: `${'\r\n--'.repeat(MEGABYTE / 4)}\0`, messages: [binary(`${'\r\n--'.repeat(MEGABYTE / 4)}\0`)] },
});

describeFramer('fixedlength', {
  test,
  create: builtIn('fixedlength', '0x3'),
  streams: [{ stream: 'abcdefgh', messages: [binary('abc'), binary('def'), binary('gh')] }],
});

describeFramer('dynamic32', {
  test,
  create: builtIn('dynamic32', 'offset=1,static=2,endian=big'),
  streams: [
    {
      stream: Buffer.from('>\0\0\0\x03..abc>\0\0\0\0..>\0', 'latin1'),
      messages: [binary('>\0\0\0\x03..abc'), binary('>\0\0\0\0..'), binary('>\0')],
    },
  ],
  long: {
    stream: Buffer.concat([Buffer.from('>\0\x10\0\0..', 'latin1'), Buffer.from(long)]),
    messages: [binary(`>\0\x10\0\0..${long}`)],
  },
});

describeFramer('length16', {
  test,
  create: builtIn('length16'),
  streams: [
    { stream: '\0\x03abc\0\0\0\x01d\0\x05ef', messages: [binary('abc'), binary(''), binary('d'), binary('ef')] },
  ],
});

describeFramer('length32', {
  test,
  create: builtIn('length32', 'endian=little'),
  streams: [{ stream: '\x03\0\0\0abc\0\0\0\0\x01\0\0', messages: [binary('abc'), binary('')] }],
  long: { stream: Buffer.concat([Buffer.of(0, 0, 16, 0), Buffer.from(long)]), messages: [binary(long)] },
});

describeFramer('json', {
  test,
  create: builtIn('json'),
  streams: [
    {
      stream: '{"a":[1,-2.5e+3,{}],"b\\"\\u00e9":"}{"}[] "x"\ntrue null 12 0.5',
      messages: [
        text('{"a":[1,-2.5e+3,{}],"b\\"\\u00e9":"}{"}'),
        text('[]'),
        text(' "x"'),
        text('\ntrue'),
        text(' null'),
        text(' 12'),
        text(' 0.5'),
      ],
    },
    {
      stream: '[1 2]\n{"a" 1}\n{"still":"here"}\n[1,]\n01\n"\t"\n{"b":tru}\n"\\x"\n[}\n',
      messages: [
        binary('[1 2]\n'),
        binary('{"a" 1}\n'),
        text('{"still":"here"}'),
        binary('\n[1,]\n'),
        binary('01\n'),
        binary('"\t"\n'),
        binary('{"b":tru}\n'),
        binary('"\\x"\n'),
        binary('[}\n'),
      ],
    },
    { stream: '{"cut":', messages: [binary('{"cut":')] },
    { stream: '-', messages: [binary('-')] },
    { stream: Buffer.from('"\xff"', 'latin1'), messages: [binary(Buffer.from('"\xff"', 'latin1'))] },
    { stream: '"😀"', messages: [text('"😀"')] },
  ],
  long: { stream: `["${long}",1]`, messages: [text(`["${long}",1]`)] },
});

describeFramer('newline at its bound', {
  test,
  create: builtIn('newline', null, 8),
  streams: [
    {
      stream: 'seven..\neight...\n123456789012\n',
      messages: [text('seven..\n'), binary('eight...'), text('\n'), binary('12345678'), text('9012\n')],
    },
  ],
});

describeFramer('json at its bound', {
  test,
  create: builtIn('json', null, 8),
  streams: [
    { stream: '[1,2,34] [1,2,3456] 7', messages: [text('[1,2,34]'), binary(' [1,2,34'), text('56'), binary('] 7')] },
  ],
});

/** The template, made as the bridge makes it. */
async function resp(): Promise<() => PluginFramer> {
  const module = resolve(import.meta.dirname, '../../examples/plugins/resp-framing.mjs');
  const framing = await new Plugin({ kind: 'plugin', module, source: null }, 'createFraming', () => {}).get();
  return () => framing.createFramer!({ limit: 4 * MEGABYTE });
}

describeFramer('the template resp-framing.mjs', {
  test,
  create: await resp(),
  streams: [
    {
      stream: '+OK\r\n-ERR no\r\n:42\r\n$5\r\nhel\r\n\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n*0\r\n',
      messages: [
        text('+OK\r\n'),
        text('-ERR no\r\n'),
        text(':42\r\n'),
        text('$5\r\nhel\r\n\r\n'),
        text('$-1\r\n'),
        text('*2\r\n$1\r\na\r\n*1\r\n:1\r\n'),
        text('*0\r\n'),
      ],
    },
    { stream: Buffer.from('$1\r\n\xff\r\n', 'latin1'), messages: [binary(Buffer.from('$1\r\n\xff\r\n', 'latin1'))] },
    { stream: '%1\r\n+a\r\n#t\r\n_\r\n', messages: [text('%1\r\n+a\r\n#t\r\n'), text('_\r\n')] },
    { stream: '*2\r\n+a\r\n', messages: [binary('*2\r\n+a\r\n')] },
  ],
  long: {
    stream: `$${MEGABYTE}\r\n${long}\r\n`,
    messages: [text(`$${MEGABYTE}\r\n${long}\r\n`)],
  },
});
