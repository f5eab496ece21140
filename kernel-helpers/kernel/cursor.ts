/**
 * Jupyter counts a cursor in Unicode characters, JavaScript in UTF-16 units; they differ after an emoji.
 * Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html#cursor-pos-unicode-note
 */

/** Characters before the cursor -> UTF-16 units before it. */
export function toUnits(text: string, characters: number): number {
  let units = 0;
  for (const character of text) {
    if (characters-- <= 0) break;
    units += character.length;
  }
  return units;
}

/** UTF-16 units before the cursor -> characters before it. */
export function toCharacters(text: string, units: number): number {
  return Array.from(text.slice(0, units)).length;
}
