/** What the kernel says of itself, known before the compiler is loaded. */

import { protocolVersion } from "./wire";

/** The version in the package.json of a package that tslab uses. */
function versionOf(name: string): string {
  const file = require.resolve(`${name}/package.json`, { paths: [require.resolve("tslab/package.json")] });
  return (require(file) as { version: string }).version;
}

/** The content of `kernel_info_reply`. */
export function kernelInfo(): object {
  const typescript = versionOf("@tslab/typescript-for-tslab");
  return {
    status: "ok",
    protocol_version: protocolVersion,
    implementation: "tslab",
    implementation_version: versionOf("tslab"),
    banner: `TypeScript ${typescript} on Node.js ${process.version}`,
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "Node.js", url: "https://nodejs.org/docs/latest/api/" },
    ],
    language_info: {
      name: "typescript",
      version: typescript,
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      // As stock tslab: JupyterLab and the classic notebook read different keys of it.
      codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    },
  };
}
