/** The script with short names and without blanks, which makes the snapshot a fifth smaller. */
export function minified(script: string): string {
  try {
    const { minifySync } = require("rolldown/experimental") as typeof import("rolldown/experimental");
    return minifySync("snapshot.js", script, { compress: false }).code;
  } catch {
    // The minifier is an optional dependency: without it, the snapshot is only larger.
    return script;
  }
}
