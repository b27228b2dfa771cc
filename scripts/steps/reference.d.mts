import type { ErrorRow, Stage } from '../../src/errors.ts';
import type { Option, OptionGroup } from '../../src/config/option.ts';

export function optionsPage(options: readonly Option[], groups: readonly OptionGroup[]): string;
export function errorsPage(errors: Readonly<Record<string, ErrorRow>>, stages: readonly Stage[]): string;
