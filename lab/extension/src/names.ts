/** What everything of this extension is called by. */
export const packageName = "@threads-and-loop/lab-extension";
/** The translation domain, and the namespace of the commands. */
export const domain = "threads_and_loop";
export const command = (name: string) => `threads-and-loop:${name}`;
