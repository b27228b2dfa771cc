export declare const PYTHON: string;
export declare const NAMES: readonly string[];
export declare function missingPackages(names: readonly string[]): string[];
export declare function findProgram(name: string): string | null;
export declare function ensurePackages(): void;
