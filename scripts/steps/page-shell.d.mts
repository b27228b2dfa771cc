export declare function fillPage(html: string, page: string, pages: readonly string[]): string;
