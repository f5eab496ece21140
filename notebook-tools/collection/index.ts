/** The generated parts of a folder of numbered notebooks: navigation, the list of sections, translations. */
export { addSyncCommand } from "./command";
export {
  type CollectionState,
  checkCollection,
  type FileChange,
  type SyncOptions,
  syncCollection,
  type TranslationFault,
} from "./sync";
