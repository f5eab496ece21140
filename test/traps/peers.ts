/** What other runners say to a notebook: the same files and kernels, in the same run. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { peerProgram } from "../bench/python.ts";

export type Verdict = "red" | "said" | "green";

export interface Peer {
  name: string;
  says(file: string, env: NodeJS.ProcessEnv): Promise<Verdict>;
}

const limitMs = 120_000;
const nb = join(import.meta.dirname, "..", "..", "notebook-tools", "bin", "nb.js");

/** The exit code, and what was printed; a peer that never ends has not said "green". */
function run(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv) {
  return new Promise<{ code: number; text: string }>((done) => {
    execFile(program, args, { cwd, env, timeout: limitMs }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, text: stdout + stderr }),
    );
  });
}

/** Each on a copy in a folder of its own: some of them write beside the notebook. */
function peer(name: string, program: string, args: (file: string) => string[]): Peer {
  return {
    name,
    async says(file, env) {
      const folder = `${file}.${name.replaceAll(" ", "-")}`;
      mkdirSync(folder, { recursive: true });
      const copy = join(folder, basename(file));
      copyFileSync(file, copy);
      const { code, text } = await run(program, args(copy), folder, env);
      if (code !== 0) return "red";
      return /^note {2}/m.test(text) ? "said" : "green";
    },
  };
}

/** All of them; those of Python only where they can be had. */
export async function peers(): Promise<Peer[]> {
  const ours = ["", " --check"].map((flag) =>
    peer(`nb run${flag}`, process.execPath, (file) => [
      nb,
      "run",
      file,
      ...flag.trim().split(" ").filter(Boolean),
    ]),
  );
  const jupyter = await peerProgram("jupyter");
  if (!jupyter) return ours;
  const pytest = (await peerProgram("pytest"))!;
  const papermill = (await peerProgram("papermill"))!;
  const convert = ["nbconvert", "--to", "notebook", "--execute", "--output", "executed.ipynb"];
  return [
    ...ours,
    peer("nbmake", pytest, (file) => ["-q", "--nbmake", file]),
    peer("nbval", pytest, (file) => ["-q", "--nbval", file]),
    peer("nbval --lax", pytest, (file) => ["-q", "--nbval-lax", file]),
    peer("nbconvert", jupyter, (file) => [...convert, file]),
    peer("papermill", papermill, (file) => [file, `${file}.executed.ipynb`]),
    peer("jupyter execute", jupyter, (file) => ["execute", file]),
  ];
}
