/** What the kernel says of itself, known before the compiler is loaded. */

import { requireTypeScript } from "../typescript-package";
import { protocolVersion } from "./wire";

/** The version in the package.json of a package. */
function versionOf(file: string): string {
  return (require(file) as { version: string }).version;
}

/** The content of `kernel_info_reply`. */
export function kernelInfo(): object {
  const typescript = requireTypeScript().version;
  return {
    status: "ok",
    protocol_version: protocolVersion,
    implementation: "tslab",
    implementation_version: versionOf("tslab/package.json"),
    // See session/pending-work: a runner may ask what cells have left behind. And loop-target: a comm.
    supported_features: ["debugger", "pending work", "kernel-helpers:loop"],
    debugger: true,
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
