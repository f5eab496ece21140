/** The words of this extension in Russian. */
export const russian: Readonly<Record<string, string>> = {};
