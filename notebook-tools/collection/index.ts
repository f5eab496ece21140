/** The generated parts of a folder of numbered notebooks: navigation, the list of sections, translations. */
export { addSyncCommand } from "./command";
export {
  checkCollection,
  syncCollection,
} from "./sync";
