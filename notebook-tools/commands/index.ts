/** What `nb` does without a kernel: list, clean, validate. */
export { addNotebookCommands } from "./list-clean-validate";
