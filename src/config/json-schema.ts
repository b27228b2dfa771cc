import { z } from 'zod';
import { inputSchema } from './schema.ts';

/** The JSON Schema of a config file, for editors: completion, descriptions and checks while typing. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(inputSchema('describe'), { io: 'input', target: 'draft-7' }) as Record<string, unknown>;
  return {
    ...schema,
    title: 'Bascule config',
    description: 'Listeners, routes and targets of a WebSocket bridge.',
  };
}
