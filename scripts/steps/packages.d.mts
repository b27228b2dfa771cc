// What tests use of packages.mjs.
export declare const PYTHON: string;
export declare function missingPackages(names: readonly string[]): string[];
export declare function findProgram(name: string): string | null;
